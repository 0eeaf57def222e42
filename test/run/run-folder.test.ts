import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { z } from 'zod'
import { nodeArguments } from '../../base/own-modules.ts'
import { stopsFile } from '../../engine/not-finite.ts'
import { findModel } from '../../models/find-model.ts'
import { inRunFolder } from '../../run/run-folder.ts'
import { runSettings } from '../../training/run-settings.ts'
import { stage1Settings } from '../../training/stage1-settings.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'

const schema = z.object({
  corpus: z.string().default('emoji').meta({ path: 'one' }),
  model: z.string().optional().meta({ path: 'one' }),
  protocol: z.array(z.string()).optional().meta({ decides: 'results' }),
  stage1: stage1Settings.prefault({}),
  ...runSettings.shape,
})
type Config = z.input<typeof schema>

/** A run that does what `body` says, by default nothing. */
function run(config: Config, body: () => Promise<unknown> = async () => {}): Promise<unknown> {
  return inRunFolder({ command: 'stage1', schema, config: schema.parse(config) }, body)
}

const learn = (dir: string, text: string) => async () => {
  await mkdir(join(dir, 'checkpoints', 'step-0000010'), { recursive: true })
  await writeFile(join(dir, 'checkpoints', 'step-0000010', 'state.json'), text)
}
const fail = (before: () => Promise<unknown>) => async () => {
  await before()
  throw new Error('no such teacher')
}
const learnt = (dir: string) => readFile(join(dir, 'checkpoints', 'step-0000010', 'state.json'), 'utf8')
const message = 'no such teacher'

/** A folder with a run that has learnt something. */
async function oldRun(t: ExecutionContext): Promise<string> {
  const dir = join(await temporaryFolder(t), 'run')
  await run({ out: dir }, learn(dir, 'old'))
  return dir
}

const besides = async (dir: string) => (await readdir(dirname(dir))).filter((name) => name !== basename(dir))

test('a folder that holds a run is neither overwritten nor mixed', async (t) => {
  const dir = await oldRun(t)
  await throwsUserError(t, () => run({ out: dir }), { expected: /a new folder/, got: /a folder that holds a run/, hint: /Add --resume/ })
  t.is(await learnt(dir), 'old')
  t.deepEqual((await readdir(dir)).sort(), ['checkpoints', 'config.json'])
})

test('resume goes on with the same settings and names the one that differs', async (t) => {
  const dir = await oldRun(t)
  await throwsUserError(t, () => run({ out: dir, resume: true, stage1: { seed: 2 } }), {
    where: /stage1\.seed/,
    expected: /1 as when the run was started/,
    got: '2',
  })
  const shown = { protocol: ['test'], stage1: { logEvery: 1, checkpointEvery: 7, validateEvery: 3, threads: 2, tensorboard: true } }
  await t.notThrowsAsync(run({ out: dir, resume: true, ...shown }), 'what decides nothing that is learnt may change')
  t.is(await learnt(dir), 'old')
})

test('a stage that stopped at numbers that are not finite goes on with a lower rate, which is recorded; any other is refused', async (t) => {
  const dir = await oldRun(t)
  const rate = (learningRate: number) => run({ out: dir, resume: true, stage1: { learningRate } })
  const recorded = async () => JSON.parse(await readFile(join(dir, 'config.json'), 'utf8')).stage1.learningRate
  const usual = await recorded()
  await throwsUserError(t, () => rate(usual / 2), { where: /stage1\.learningRate/ })
  await mkdir(join(dir, 'stage1'))
  await writeFile(join(dir, 'stage1', stopsFile), JSON.stringify([{ step: 3, learningRate: usual }]))
  await throwsUserError(t, () => rate(usual * 2), { where: /stage1\.learningRate/ })
  await rate(usual / 2)
  t.is(await recorded(), usual / 2)
})

test('a run of another version is refused with the name of the page that says what to do', async (t) => {
  const dir = await oldRun(t)
  const config = JSON.parse(await readFile(join(dir, 'config.json'), 'utf8'))
  await writeFile(join(dir, 'config.json'), JSON.stringify({ ...config, stage1: { ...config.stage1, found: 0 } }))
  await throwsUserError(t, () => run({ out: dir, resume: true }), { where: /stage1\.found/, hint: /docs\/migration\.md/ })
})

test('force starts over; the old run goes once the new one has learnt something', async (t) => {
  const dir = await oldRun(t)
  await writeFile(join(dir, 'report.md'), 'old')
  await run({ out: dir, force: true, stage1: { steps: 20 } }, async () => {
    t.deepEqual(await readdir(dir), ['.lock', 'config.json'], 'the new run sees nothing of the old one')
    const [old] = (await besides(dir)).filter((name) => /^run\.old-\d{8}T\d{6}$/.test(name))
    t.is(await readFile(join(dirname(dir), old!, 'report.md'), 'utf8'), 'old')
    await learn(dir, 'new')()
    for (let tries = 0; (await besides(dir)).length > 0 && tries < 100; tries++) await new Promise((done) => setTimeout(done, 50))
    t.deepEqual(await besides(dir), [], 'gone while the new one goes on')
  })
  t.is(await learnt(dir), 'new')
  t.false(existsSync(join(dir, 'report.md')))
  t.is(JSON.parse(await readFile(join(dir, 'config.json'), 'utf8')).stage1.steps, 20)
})

test('force gives the old run back when the new one fails before it has learnt anything', async (t) => {
  const dir = await oldRun(t)
  const before = await readFile(join(dir, 'config.json'), 'utf8')
  const half = fail(async () => {
    await mkdir(join(dir, 'tokenizer'))
    await mkdir(join(dir, 'stage1', 'tokenizer'), { recursive: true })
    await writeFile(join(dir, 'log.jsonl'), '{"step":10}\n')
  })
  await t.throwsAsync(run({ out: dir, force: true, stage1: { steps: 20 } }, half), { message })
  t.deepEqual((await readdir(dir)).sort(), ['checkpoints', 'config.json'])
  t.deepEqual([await learnt(dir), await readFile(join(dir, 'config.json'), 'utf8')], ['old', before])
  t.deepEqual(await besides(dir), [])
  await t.throwsAsync(run({ out: dir, force: true }, fail(learn(dir, 'new'))), { message })
  t.is(await learnt(dir), 'new')
  t.deepEqual(await besides(dir), [])
})

test('a call that was killed is settled by the next one', async (t) => {
  const dir = await oldRun(t)
  const old = `${dir}.old-20260101T000000`
  const move = async (...names: string[]) => {
    await mkdir(old)
    for (const name of names) await writeFile(join(old, name), 'old')
  }
  // Killed while it moved: what has been moved comes back to what has not.
  await move('report.md')
  await throwsUserError(t, () => run({ out: dir }), { got: /a folder that holds a run/ })
  t.deepEqual((await readdir(dir)).sort(), ['checkpoints', 'config.json', 'report.md'])
  // Killed after the new run had learnt something: the old one goes.
  await move('.all-moved', 'report.json')
  await run({ out: dir, resume: true })
  t.deepEqual([await besides(dir), await learnt(dir)], [[], 'old'])
  // Killed before: the old one comes back.
  const before = await readFile(join(dir, 'config.json'), 'utf8')
  await move('.all-moved')
  for (const name of ['config.json', 'checkpoints']) await rename(join(dir, name), join(old, name))
  await writeFile(join(dir, 'config.json'), '{"command": "stage1", "steps": 20}')
  await mkdir(join(dir, 'tokenizer'))
  await throwsUserError(t, () => run({ out: dir }), { got: /a folder that holds a run/ })
  t.deepEqual([await learnt(dir), await readFile(join(dir, 'config.json'), 'utf8')], ['old', before])
  t.deepEqual([await besides(dir), existsSync(join(dir, 'tokenizer'))], [[], false])
  // Killed while it removed: what is left of it goes.
  await mkdir(`${old}.removed`)
  await run({ out: dir, resume: true })
  t.deepEqual(await besides(dir), [])
})

const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0
const whereMountable = canMount ? test : test.skip
whereMountable('a mount point, which cannot be renamed, is started over, too', async (t) => {
  const dir = await temporaryFolder(t)
  const code = `
    import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
    import { inRunFolder } from ${JSON.stringify(new URL('../../run/run-folder.ts', import.meta.url).href)}
    import { runSettings } from ${JSON.stringify(new URL('../../training/run-settings.ts', import.meta.url).href)}
    const dir = ${JSON.stringify(dir)}
    const run = (force, body) =>
      inRunFolder({ command: 'x', schema: runSettings, config: runSettings.parse({ out: dir, force }) }, body).catch((error) => error.message)
    const learn = (text) => async () => {
      await mkdir(dir + '/student')
      await writeFile(dir + '/student/weights', text)
    }
    const found = async () => [(await readdir(dir)).sort(), await readFile(dir + '/student/weights', 'utf8')]
    await run(false, learn('old'))
    const meanwhile = []
    const failed = await run(true, async () => {
      meanwhile.push(...(await readdir(dir)))
      throw new Error('broken')
    })
    const restored = await found()
    await run(true, learn('new'))
    console.log(JSON.stringify({ meanwhile, failed, restored, replaced: await found() }))`
  const inMount = `mount -t tmpfs none "${dir}" && exec "$0" "$@"`
  const node = [process.execPath, ...nodeArguments(), '--input-type=module', '-e', code]
  const { stdout } = await promisify(execFile)('unshare', ['-rm', 'sh', '-c', inMount, ...node])
  const { meanwhile, failed, restored, replaced } = JSON.parse(stdout)
  t.true(meanwhile.some((name: string) => /^\.old-\d{8}T\d{6}$/.test(name)))
  t.is(failed, 'broken')
  t.deepEqual(restored, [['config.json', 'student'], 'old'])
  t.deepEqual(replaced, [['config.json', 'student'], 'new'])
})

test('a folder that a link names stays where it is', async (t) => {
  const dir = await oldRun(t)
  const link = join(await temporaryFolder(t), 'link')
  await symlink(dir, link)
  await run({ out: link, force: true }, learn(link, 'new'))
  t.deepEqual([await learnt(dir), await besides(dir), await besides(link)], ['new', [], []])
})

test('what began a run is not recorded: its config.json, read again, would start over; paths hold in any folder', async (t) => {
  const dir = join(await temporaryFolder(t), 'run')
  const stage1 = { innerTeacher: 'test', specialists: ['zh=test:0.5', 'ja=no/such'], init: 'no/such' }
  await run({ out: dir, force: true, cacheDir: 'elsewhere', corpus: 'package.json', stage1 }, learn(dir, 'new'))
  const recorded = JSON.parse(await readFile(join(dir, 'config.json'), 'utf8'))
  t.like(recorded, { command: 'stage1', corpus: resolve('package.json') })
  t.like(recorded.stage1, { innerTeacher: resolve('test'), init: 'no/such' })
  t.deepEqual(recorded.stage1.specialists, [`zh=${resolve('test')}:0.5`, 'ja=no/such'])
  for (const name of ['force', 'resume', 'cacheDir']) t.false(name in recorded, name)
  await t.notThrowsAsync(run({ out: dir, resume: true, corpus: './package.json', stage1: { ...stage1, innerTeacher: './test' } }))
})

test('a command that fails before it learnt anything leaves the folder as it was; afterwards it leaves a run', async (t) => {
  const dir = join(await temporaryFolder(t), 'run')
  await mkdir(join(dir, 'notes'), { recursive: true })
  const words = fail(() => mkdir(join(dir, 'stage1', 'tokenizer'), { recursive: true }))
  await t.throwsAsync(run({ out: dir }, words), { message })
  t.deepEqual(await readdir(dir), ['notes'])
  await rm(dir, { recursive: true })
  await t.throwsAsync(run({ out: dir }, words), { message })
  t.false(existsSync(dir))
  const log = fail(async () => {
    await mkdir(join(dir, 'stage1'))
    await writeFile(join(dir, 'stage1', 'log.jsonl'), '{"step":10}\n')
  })
  await t.throwsAsync(run({ out: dir }, log), { message })
  t.deepEqual((await readdir(dir)).sort(), ['config.json', 'stage1'])
  await t.notThrowsAsync(run({ out: dir, resume: true }))
})

test('force clears neither what the run reads nor a folder that holds no run', async (t) => {
  const dir = await oldRun(t)
  await mkdir(join(dir, 'student'))
  const inside = (config: Omit<Config, 'out'>) => run({ out: dir, force: true, ...config })
  await throwsUserError(t, () => inside({ model: join(dir, 'student') }), { got: /the folder that --model is in/, hint: /Name another folder/ })
  await throwsUserError(t, () => inside({ model: dir }), { got: /the folder that --model is in/ })
  await throwsUserError(t, () => inside({ stage1: { specialists: [`zh=${join(dir, 'student')}:0.5`] } }), {
    got: /the folder that --stage1\.specialists is in/,
  })
  // Words that happen to be names of folders are no paths.
  await t.notThrowsAsync(inside({ stage1: { objective: dir } }))
  const model = await temporaryFolder(t)
  await writeFile(join(model, 'config.json'), '{"model_type": "clip"}')
  for (const how of [{}, { force: true }, { resume: true }])
    await throwsUserError(t, () => run({ out: model, ...how }), { got: /a folder with a config\.json that is no run's/ })
  t.is(await readFile(join(model, 'config.json'), 'utf8'), '{"model_type": "clip"}')
  for (const part of ['checkpoints', 'student', 'log.jsonl']) {
    const stage = await temporaryFolder(t) // as distill leaves its stages
    await mkdir(join(stage, part))
    for (const how of [{}, { force: true }, { resume: true }])
      await throwsUserError(t, () => run({ out: stage, ...how }), { got: `a folder with a ${part} that is no run's` })
    t.deepEqual(await readdir(stage), [part])
  }
})

test('of two processes in one folder the second is refused', async (t) => {
  const dir = join(await temporaryFolder(t), 'run')
  await run({ out: dir }, async () => {
    for (const how of [{}, { force: true }, { resume: true }])
      await throwsUserError(t, () => run({ out: dir, ...how }), { expected: /one process at a time/, got: /process \d+ on / })
    await learn(dir, 'first')()
  })
  t.is(await learnt(dir), 'first')
})

test('finds the model of a run, of a whole distillation and of a plain folder', async (t) => {
  const dir = await temporaryFolder(t)
  await throwsUserError(t, () => findModel(dir), { expected: /a finished run, a model folder .* or an export/ })
  await throwsUserError(t, () => findModel(join(dir, 'absent')), { got: /no such folder/ })
  await mkdir(join(dir, 'stage1', 'student'), { recursive: true })
  await writeFile(join(dir, 'stage1', 'student', 'model.safetensors'), '')
  await throwsUserError(t, () => findModel(dir), {
    got: /one that has not finished its second stage/,
    hint: /Go on with it by --resume, or name .*stage1\./,
  })
  t.is(findModel(join(dir, 'stage1')), join(dir, 'stage1', 'student'))
  for (const place of ['stage2/student', 'student', '.']) {
    await mkdir(join(dir, place), { recursive: true })
    await writeFile(join(dir, place, 'model.safetensors'), '')
    t.is(findModel(dir), join(dir, place))
  }
})
