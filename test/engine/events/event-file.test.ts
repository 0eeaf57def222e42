import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { appendFile, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { nodeArguments } from '../../../base/own-modules.ts'
import { random } from '../../../base/random.ts'
import { crc32c, maskedCrc32c } from '../../../engine/events/crc32c.ts'
import { openEventFile } from '../../../engine/events/event-file.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { crc, eventsIn } from './reader.ts'

test('CRC-32C: the vectors of RFC 3720, and a bit-by-bit division', (t) => {
  const hex = (bytes: Uint8Array) => crc32c(bytes).toString(16)
  const ascending = Uint8Array.from({ length: 32 }, (_, i) => i)
  t.is(hex(new Uint8Array(32)), '8a9136aa')
  t.is(hex(new Uint8Array(32).fill(255)), '62a8ab43')
  t.is(hex(ascending), '46dd794e')
  t.is(hex(ascending.toReversed()), '113fdb5c')
  t.is(hex(Buffer.from('123456789')), 'e3069283')
  t.is(crc32c(new Uint8Array()), 0)
  for (let seed = 0; seed < 50; seed++) {
    const next = random(seed)
    const bytes = Uint8Array.from({ length: 1 + Math.floor(next() * 300) }, () => Math.floor(next() * 256))
    t.is(crc32c(bytes), crc(bytes))
  }
})

test('masked CRC: the first bytes of every event file that TensorFlow writes', (t) => {
  t.is(maskedCrc32c(Buffer.from('1800000000000000', 'hex')), Buffer.from('a37f4b22', 'hex').readUInt32LE())
})

const tag = (name: string) => `a/${name}`

test('lines come back as they were written', async (t) => {
  const dir = await temporaryFolder(t)
  const file = await openEventFile(dir, 0, tag)
  const began = Date.now() / 1000
  await file.write({ step: 1, loss: 0.5, 'validation_R@1_zh': 0.25 })
  await file.write({ step: 5_000_000_000, loss: 0, tiny: 1e-30 })
  await file.close()
  t.regex((await readdir(dir)).join(), /^events\.out\.tfevents\.\d{10}\.distilingual$/)
  const [[head, first, second, ...more] = []] = await eventsIn(dir)
  t.is(head!.fileVersion, 'brain.Event:2')
  t.deepEqual([first!.step, first!.scalars], [1, { 'a/loss': 0.5, 'a/validation_R@1_zh': 0.25 }])
  t.deepEqual([second!.step, second!.scalars], [5_000_000_000, { 'a/loss': 0, 'a/tiny': Math.fround(1e-30) }])
  t.true(Math.abs(first!.wallTime - began) < 60)
  t.is(more.length, 0)
})

test('a resumed run cuts what is too late, and what a killed process left unfinished', async (t) => {
  for (const leave of ['whole', 'torn', 'garbage']) {
    const dir = await temporaryFolder(t)
    const first = await openEventFile(dir, 0, tag)
    for (let step = 1; step <= 6; step++) await first.write({ step, loss: step })
    await first.close()
    const [name] = await readdir(dir)
    const file = join(dir, name!)
    if (leave === 'torn') await truncate(file, (await readFile(file)).length - 5)
    if (leave === 'garbage') await appendFile(file, Buffer.alloc(40, 0xee))

    const second = await openEventFile(dir, 4, tag)
    for (let step = 5; step <= 7; step++) await second.write({ step, loss: 10 * step })
    await second.close()
    const files = await eventsIn(dir)
    t.is(files.length, 2)
    t.like(files[1]![1], { step: 5, session: 1 }, 'TensorBoard forgets steps from 5 on')
    const losses = files.flat().flatMap(({ step, scalars }) => ('a/loss' in scalars ? [[step, scalars['a/loss']]] : []))
    t.deepEqual(losses, [...[1, 2, 3, 4].map((step) => [step, step]), ...[5, 6, 7].map((step) => [step, 10 * step])], leave)
  }
})

test('a run that starts anew leaves no events of an earlier one, and nothing else is touched', async (t) => {
  const dir = await temporaryFolder(t)
  await writeFile(join(dir, 'log.jsonl'), 'mine')
  for (const loss of [1, 2]) {
    const file = await openEventFile(dir, 0, tag)
    await file.write({ step: 1, loss })
    await file.close()
  }
  const files = await eventsIn(dir)
  t.deepEqual(
    files.map((events) => events.map(({ scalars }) => scalars)),
    [[{}, { 'a/loss': 2 }]],
  )
  t.is(await readFile(join(dir, 'log.jsonl'), 'utf8'), 'mine')
})

test('training killed and resumed has every logged step once, with the numbers of log.jsonl', async (t) => {
  t.timeout(600_000)
  const dir = await temporaryFolder(t)
  const script = fileURLToPath(new URL('../train-run.ts', import.meta.url))
  const start = (...flags: string[]) => spawn(process.execPath, [...nodeArguments(), script, dir, '--events', ...flags], { stdio: 'ignore' })
  const log = join(dir, 'log.jsonl')
  const first = start('--hold', '10')
  const ended = once(first, 'exit')
  while (!existsSync(log) || !(await readFile(log, 'utf8')).includes('{"step":10,')) await new Promise((resolve) => setTimeout(resolve, 5))
  first.kill('SIGKILL')
  await ended
  t.deepEqual(await once(start('--resume'), 'exit'), [0, null])

  const lines = (await readFile(log, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number>)
  const expected = lines.map(({ step, ...numbers }) => [
    step,
    Object.fromEntries(Object.entries(numbers).map(([name, value]) => [`tiny/${name}`, Math.fround(value)])),
  ])
  const files = await eventsIn(dir)
  t.is(files.length, 2)
  const found = files.flat().filter(({ scalars }) => Object.keys(scalars).length > 0)
  t.deepEqual(
    found.map(({ step, scalars }) => [step, scalars]),
    expected,
  )
  t.deepEqual(
    found.filter(({ scalars }) => 'tiny/loss' in scalars).map(({ step }) => step),
    Array.from({ length: 30 }, (_, i) => i + 1),
  )
})
