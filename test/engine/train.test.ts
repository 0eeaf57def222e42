import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { nodeArguments } from '../../base/own-modules.ts'
import { type ProgressEvent, watched } from '../../base/watch.ts'
import { compile } from '../../engine/compile.ts'
import { linear } from '../../engine/fused.ts'
import { withGradients } from '../../engine/gradients.ts'
import { type Stop, stopsFile } from '../../engine/not-finite.ts'
import { warmupCosine } from '../../engine/optim/schedule.ts'
import type { Params } from '../../engine/params.ts'
import { tf } from '../../engine/tf.ts'
import { type Training, train } from '../../engine/train.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'
import { close, gaussian } from './oracle.ts'

const program = fileURLToPath(new URL('./train-run.ts', import.meta.url))
const steps = 30 // as train-run.ts says

async function temporary(t: import('ava').ExecutionContext): Promise<string> {
  const dir = await temporaryFolder(t)
  return join(dir, 'run')
}

interface Ended {
  code: number | null
  signal: string | null
  stderr: string
}

function start(dir: string, ...flags: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [...nodeArguments(), program, dir, ...flags], { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr!.on('data', (chunk) => (stderr += chunk))
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, stderr }))
  return { child, ended }
}

async function logOf(dir: string): Promise<Record<string, number>[]> {
  return (await readFile(join(dir, 'log.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

/** Waits until the log has a line for `step`. */
async function reached(dir: string, step: number): Promise<void> {
  const file = join(dir, 'log.jsonl')
  while (!existsSync(file) || !(await readFile(file, 'utf8')).includes(`{"step":${step},`)) await setTimeout(5)
}

async function lastCheckpoint(dir: string): Promise<Record<string, string>> {
  const folder = join(dir, 'checkpoints', `step-${String(steps).padStart(7, '0')}`)
  const files = (await readdir(folder)).sort()
  return Object.fromEntries(await Promise.all(files.map(async (file) => [file, (await readFile(join(folder, file))).toString('base64')])))
}

test('a run killed by SIGKILL or by SIGINT and resumed ends as one that never stopped, to the bit', async (t) => {
  t.timeout(600_000)
  const whole = await temporary(t)
  const uninterrupted = start(whole).ended
  const expectedSteps = Array.from({ length: steps }, (_, i) => i + 1)

  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    const dir = await temporary(t)
    const first = start(dir, '--hold', '10')
    await reached(dir, 10) // between the second checkpoint and the third
    first.child.kill(signal)
    const { code, signal: by, stderr } = await first.ended
    if (signal === 'SIGKILL') t.is(by, 'SIGKILL')
    else {
      t.is(code, 130)
      const [, last] = /tiny: expected to run to the end, got an interrupt after step (1[01])\./.exec(stderr) ?? []
      t.truthy(last, stderr) // 10 or 11: the signal may come before the next step or in it
      t.true(stderr.includes(`A checkpoint is in ${join(dir, 'checkpoints')}: the same command with --resume goes on from step ${last}.`), stderr)
      t.true(existsSync(join(dir, 'checkpoints', `step-00000${last}`)))
    }
    t.is((await start(dir, '--resume').ended).code, 0)

    t.is((await uninterrupted).code, 0)
    t.deepEqual(await lastCheckpoint(dir), await lastCheckpoint(whole), signal)
    const log = await logOf(dir)
    t.deepEqual(
      log.filter((line) => 'loss' in line).map(({ step }) => step),
      expectedSteps,
      signal,
    )
    t.deepEqual(
      log.filter((line) => 'validation' in line).map(({ step }) => step),
      [10, 20, 30],
      signal,
    )
    const timeless = (lines: Record<string, number>[]) => lines.map(({ stepsPerSecond, ...line }) => line)
    t.deepEqual(timeless(log), timeless(await logOf(whole)), signal)
  }
})

test('a second Ctrl-C leaves at once', async (t) => {
  const dir = await temporary(t)
  const { child, ended } = start(dir, '--stuck', '1')
  await reached(dir, 1)
  const again = setInterval(() => child.kill('SIGINT'), 50) // two that come too close are one
  t.is((await ended).code, 130)
  clearInterval(again)
})

test('a loss that is not finite stops the run; the last good checkpoint goes on with a lower rate, and with that alone', async (t) => {
  const dir = await temporary(t)
  const run = (...flags: string[]) => start(dir, ...flags).ended
  const stops = async () => JSON.parse(await readFile(join(dir, stopsFile), 'utf8')) as Stop[]
  const { code, stderr } = await run('--poison', '8')
  t.is(code, 2)
  t.true(stderr.includes('picture 16, picture 17') && stderr.includes('step 4'), stderr)
  // The checkpoint of step 8 is there when step 9 finds what it was made of wanting: it goes.
  t.deepEqual(await readdir(join(dir, 'checkpoints')), ['step-0000004'])
  const [stop] = await stops()
  const { loss, gradientNorm } = (await logOf(dir)).find(({ step }) => step === 8)!
  const lastFinite = { step: 8, loss, gradientNorm }
  t.deepEqual(stop, { step: 9, loss: 'NaN', gradientNorm: 'NaN', lastFinite, learningRate: 1e-2, batch: ['picture 16', 'picture 17'] })

  t.is((await run('--resume', '--rate', '0.02')).code, 2)
  t.is((await run('--resume', '--rate', '0.002')).code, 0)
  t.is((await stops())[0]!.resumedWith, 0.002)
  t.is((await logOf(dir)).find(({ step }) => step === 5)!.learningRate, warmupCosine(0.002, 3, steps)(4))
  t.is((await run('--resume', '--rate', '0.001')).code, 2)
  t.is((await run('--resume', '--rate', '0.002')).code, 0)
})

/** Least squares: a mean over rows, without terms that cross the batch. */
async function regression(
  dir: string,
  rows: number,
  settings: Partial<Training>,
): Promise<{ training: Training; params: Params; release(): Promise<void> }> {
  const params: Params = { w: { shape: [1, 3], data: Float32Array.of(0.5, -1, 2) }, b: { shape: [1], data: Float32Array.of(0) } }
  const fn = withGradients(({ w, b }, { x, y }) => ({ loss: tf.mean(tf.squaredDifference(linear(x!, w!, b!), y!)) }), ['w', 'b'])
  const float = (...shape: number[]) => ({ dtype: 'float32' as const, shape })
  const step = await compile(fn, { w: float(1, 3), b: float(1), x: float(rows, 3), y: float(rows, 1) }, { threads: 1 })
  const batch: Training['batch'] = async (number, micro) => {
    const from = rows * micro
    const x = gaussian(24, 1, number).subarray(3 * from, 3 * (from + rows))
    const y = gaussian(8, 2, number).subarray(from, from + rows)
    return { run: (params) => step.run({ ...params, x, y }) }
  }
  const training = { label: 'regression', params, trained: ['w', 'b'], steps: 5, batch, schedule: () => 0.1, dir, identity: {}, ...settings }
  return { training, params, release: () => step.release() }
}

test('the log and the result say which share of the time steps waited', async (t) => {
  const dir = await temporary(t)
  let waited = 0
  const { training, release } = await regression(dir, 8, { logEvery: 1, waited: () => waited })
  const slow: Training['batch'] = async (step, micro) => {
    const began = performance.now()
    if (step === 2) await setTimeout(100)
    if (step === 2) waited += performance.now() - began
    return training.batch(step, micro)
  }
  const { waitingShare } = await train({ ...training, batch: slow }).finally(release)
  const shares = (await logOf(dir)).map((line) => line.waitingShare!)
  t.deepEqual(
    shares.map((share) => share > 0),
    [false, false, true, false, false],
    `${shares}`,
  )
  t.true(waitingShare! > 0 && waitingShare! < shares[2]! && shares[2]! < 1, `${shares}, ${waitingShare}`)
})

test('k micro-batches make the same step as one batch k times as large', async (t) => {
  for (const clipNorm of [1e9, 0.5]) {
    const dirs = [await temporary(t), await temporary(t)]
    const whole = await regression(dirs[0]!, 8, { clipNorm, logEvery: 1 })
    const parts = await regression(dirs[1]!, 2, { clipNorm, logEvery: 1, accumulate: 4 })
    await train(whole.training)
    await train(parts.training)
    for (const name of ['w', 'b']) close(t, parts.params[name]!.data, whole.params[name]!.data, 1e-5, name)
    const [one, four] = [await logOf(dirs[0]!), await logOf(dirs[1]!)]
    for (const key of ['loss', 'gradientNorm'])
      close(
        t,
        four.map((line) => line[key]!),
        one.map((line) => line[key]!),
        1e-5,
        key,
      )
    await whole.release()
    await parts.release()
  }
})

test('--resume without a checkpoint starts from the beginning; with another identity it is refused', async (t) => {
  const dir = await temporary(t)
  const run = async (settings: Partial<Training>) => {
    const { training, params, release } = await regression(dir, 8, settings)
    await train(training).finally(release)
    return params
  }
  const params = await run({ resume: true, identity: { seed: 1 } })
  t.notDeepEqual(params.w!.data, Float32Array.of(0.5, -1, 2))
  await throwsUserError(t, () => run({ resume: true, identity: { seed: 2 } }), { where: /seed/, expected: /1/, got: '2' })
  t.deepEqual(await run({ resume: true, identity: { seed: 1 } }), params) // already at the end: nothing left to do
  const before = await readdir(join(dir, 'checkpoints'))
  await run({ steps: 3, checkpointEvery: 3, identity: { seed: 3 } }) // from the start again, and shorter
  t.deepEqual(
    [before.length > 0, await readdir(join(dir, 'checkpoints'))],
    [true, ['step-0000003']],
    'an older checkpoint would be taken for the latest',
  )
})

test('an aborted signal leaves a checkpoint, from which the run goes on to the same weights', async (t) => {
  const reason = new Error('enough')
  const control = new AbortController()
  const [dir, other] = [await temporary(t), await temporary(t)]
  const stopped = await regression(dir, 8, { checkpointEvery: 100 })
  const onProgress = ({ done }: ProgressEvent) => done === 2 && control.abort(reason)
  t.is(await t.throwsAsync(watched({ onProgress, signal: control.signal }, () => train(stopped.training)).finally(stopped.release)), reason)
  t.deepEqual(await readdir(join(dir, 'checkpoints')), ['step-0000002'])
  const resumed = await regression(dir, 8, { resume: true })
  await train(resumed.training).finally(resumed.release)
  const whole = await regression(other, 8, {})
  await train(whole.training).finally(whole.release)
  t.deepEqual(resumed.params, whole.params)
})
