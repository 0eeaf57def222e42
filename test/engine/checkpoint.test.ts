import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { assertSameRun, type Checkpoint, readLatestCheckpoint, restoreInto, writeCheckpoint } from '../../engine/checkpoint.ts'
import type { Params } from '../../engine/params.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { type Expected, throwsUserError } from '../user-error.ts'
import { gaussian } from './oracle.ts'

async function temporary(t: import('ava').ExecutionContext): Promise<string> {
  const dir = await temporaryFolder(t)
  return join(dir, 'checkpoints')
}

const checkpoint = (step: number): Checkpoint => ({
  step,
  params: { w: { shape: [2, 3], data: gaussian(6, step) }, s: { shape: [], data: Float32Array.of(step) } },
  optimizer: { state: { 'm:w': { shape: [2, 3], data: gaussian(6, step, 1) } }, steps: step - 1 },
  identity: { corpus: 'emoji', seed: 1, half: 0.5, masked: true, teacher: null },
})

test('round trip', async (t) => {
  const dir = await temporary(t)
  const path = await writeCheckpoint(dir, checkpoint(7))
  t.is(path, join(dir, 'step-0000007'))
  t.deepEqual(await readLatestCheckpoint(dir), checkpoint(7))
})

test('no folder, or an empty one, is no checkpoint', async (t) => {
  const dir = await temporary(t)
  t.is(await readLatestCheckpoint(dir), undefined)
  await mkdir(dir)
  t.is(await readLatestCheckpoint(dir), undefined)
})

test('the newest wins, the two newest stay, the same step is replaced', async (t) => {
  const dir = await temporary(t)
  for (const step of [90, 100, 1000, 1000]) await writeCheckpoint(dir, checkpoint(step))
  t.deepEqual((await readdir(dir)).sort(), ['step-0000100', 'step-0001000'])
  t.is((await readLatestCheckpoint(dir))!.step, 1000)
  for (const step of [9_999_999, 10_000_500]) await writeCheckpoint(dir, checkpoint(step))
  t.deepEqual((await readdir(dir)).sort(), ['step-10000500', 'step-9999999'])
  t.is((await readLatestCheckpoint(dir))!.step, 10_000_500)
})

test('a half-written folder is ignored, and in the way of nothing', async (t) => {
  const dir = await temporary(t)
  await writeCheckpoint(dir, checkpoint(5))
  await mkdir(join(dir, 'step-0000009.tmp'))
  await writeFile(join(dir, 'step-0000009.tmp', 'params.safetensors'), 'half')
  t.is((await readLatestCheckpoint(dir))!.step, 5)
  await writeCheckpoint(dir, checkpoint(9))
  t.deepEqual(await readLatestCheckpoint(dir), checkpoint(9))
})

const damages: Record<string, [(path: string) => Promise<void>, Expected]> = {
  'tensors cut short': [(path) => truncate(join(path, 'params.safetensors'), 60), { where: /params\.safetensors/, expected: /the SHA-256/ }],
  'optimizer state missing': [
    (path) => rm(join(path, 'optimizer.safetensors')),
    { where: /optimizer\.safetensors/, got: /ENOENT/, hint: /resume from the one before/ },
  ],
  'state that is no JSON': [(path) => writeFile(join(path, 'state.json'), '{"step":'), { where: /state\.json/, expected: /the SHA-256/ }],
  'no checksums, as earlier versions wrote': [(path) => rm(join(path, 'SHA256SUMS')), { where: /SHA256SUMS/, expected: 'a part of the checkpoint' }],
}
for (const [name, [damage, expected]] of Object.entries(damages)) {
  test(`${name}: one clear error`, async (t) => {
    const dir = await temporary(t)
    await damage(await writeCheckpoint(dir, checkpoint(3)))
    await throwsUserError(t, () => readLatestCheckpoint(dir), expected)
  })
}

test.serial('every byte flipped, every length cut: the checkpoint before, never another student', async (t) => {
  const dir = await temporary(t)
  await writeCheckpoint(dir, checkpoint(3))
  const damaged = await writeCheckpoint(dir, checkpoint(6))
  const [earlier, whole] = [JSON.stringify(checkpoint(3)), JSON.stringify(checkpoint(6))]
  const held = new Map(await Promise.all((await readdir(damaged)).map(async (name) => [name, await readFile(join(damaged, name))] as const)))
  t.is(held.size, 4)
  const restore = async () => {
    await mkdir(damaged, { recursive: true })
    for (const [name, bytes] of held) await writeFile(join(damaged, name), bytes)
  }
  const said = quiet(t)
  let tries = 0
  const missed: string[] = []
  const look = async (what: string) => {
    tries++
    if (JSON.stringify(await readLatestCheckpoint(dir)) !== earlier) missed.push(what)
    await restore()
  }
  for (const [name, bytes] of held) {
    for (let at = 0; at < bytes.length; at++) {
      await writeFile(join(damaged, name), bytes.subarray(0, at))
      await look(`${name} cut at ${at}`)
      const flipped = Uint8Array.from(bytes)
      flipped[at]! ^= 1 << (at % 8)
      await writeFile(join(damaged, name), flipped)
      await look(`${name} flipped at ${at}`)
    }
  }
  t.deepEqual(missed, [])
  t.true(tries > 1000, `${tries}`)
  t.is(said.length, tries, 'each one was told of')
  t.regex(said[0]!, /step-0000006\/\S+ is damaged \(expected .*\): going on from step 3\n$/)
  t.is(JSON.stringify(await readLatestCheckpoint(dir)), whole, 'and as it was written it is read')
})

/** What is written to stderr meanwhile. */
function quiet(t: import('ava').ExecutionContext): string[] {
  const said: string[] = []
  const write = process.stderr.write
  process.stderr.write = (text: string | Uint8Array) => said.push(String(text)) > 0
  t.teardown(() => {
    process.stderr.write = write
  })
  return said
}

test('a resume with other settings is refused and names the first difference', async (t) => {
  const saved = checkpoint(1).identity
  t.notThrows(() => assertSameRun('runs/x', saved, { ...saved }))
  await throwsUserError(t, () => assertSameRun('runs/x', saved, { ...saved, seed: 2 }), {
    where: /--resume runs\/x: seed/,
    expected: /1 as when the run was started/,
    got: '2',
  })
  await throwsUserError(t, () => assertSameRun('runs/x', saved, { ...saved, extra: 'new' }), { where: /extra/, expected: /undefined/ })
  await throwsUserError(t, () => assertSameRun('runs/x', { ...saved, extra: 'old' }, saved), { where: /extra/, expected: /old/ })
})

test('restoring writes into the live arrays and checks names and shapes', async (t) => {
  const live: Params = { w: { shape: [2], data: new Float32Array(2) } }
  const { data } = live.w!
  restoreInto(live, { w: { shape: [2], data: Float32Array.of(1, 2) }, other: { shape: [1], data: Float32Array.of(3) } })
  t.deepEqual(data, Float32Array.of(1, 2))
  await throwsUserError(t, () => restoreInto(live, {}), { where: /tensor w/, expected: /\[2\]/, got: /no such tensor/ })
  await throwsUserError(t, () => restoreInto(live, { w: { shape: [1], data: new Float32Array(1) } }), { expected: /\[2\]/, got: '[1]' })
})
