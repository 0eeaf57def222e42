import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { findModel } from '../../models/find-model.ts'
import { inRunFolder, openRunFolder } from '../../run/run-folder.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const config = { command: 'stage1', steps: 10, stage1: { seed: 1 }, resume: false }

test('a folder that holds a run is neither overwritten nor mixed', async (t) => {
  const dir = await temporaryFolder(t)
  await openRunFolder(dir, config, {})
  await writeFile(join(dir, 'log.jsonl'), 'kept')
  await t.throwsAsync(openRunFolder(dir, config, {}), { message: /expected a new folder, got a folder that holds a run\. Add --resume/ })
  t.is(await readFile(join(dir, 'log.jsonl'), 'utf8'), 'kept')
})

test('resume goes on with the same settings and names the one that differs', async (t) => {
  const dir = await temporaryFolder(t)
  await openRunFolder(dir, config, {})
  await t.notThrowsAsync(openRunFolder(dir, { ...config, resume: true }, { resume: true }))
  await t.throwsAsync(openRunFolder(dir, { ...config, stage1: { seed: 2 } }, { resume: true }), {
    message: /stage1\.seed: expected 1 as when the run was started, got 2/,
  })
  const shown = { ...config, out: 'the/same/by/another/way', tensorboard: true, stage1: { seed: 1, tensorboard: true, threads: 2 } }
  await t.notThrowsAsync(openRunFolder(dir, shown, { resume: true }), 'what is written besides may change')
})

test('force starts over', async (t) => {
  const dir = await temporaryFolder(t)
  await openRunFolder(dir, config, {})
  await writeFile(join(dir, 'log.jsonl'), 'old')
  await openRunFolder(dir, { ...config, steps: 20 }, { force: true })
  await t.throwsAsync(readFile(join(dir, 'log.jsonl')), { code: 'ENOENT' })
  t.is(JSON.parse(await readFile(join(dir, 'config.json'), 'utf8')).steps, 20)
})

test('what began a run is not recorded: its config.json, read again, would start over', async (t) => {
  const dir = await temporaryFolder(t)
  await openRunFolder(dir, { ...config, force: true }, { force: true })
  const recorded = JSON.parse(await readFile(join(dir, 'config.json'), 'utf8'))
  t.deepEqual(recorded, { command: 'stage1', steps: 10, stage1: { seed: 1 } })
})

test('a command that fails before it learnt anything leaves the folder as it was; afterwards it leaves a run', async (t) => {
  const dir = await temporaryFolder(t)
  await mkdir(join(dir, 'notes'))
  const fail = (before: () => Promise<unknown>) => async () => {
    await before()
    throw new Error('no such teacher')
  }
  const message = 'no such teacher'
  const words = fail(() => mkdir(join(dir, 'stage1', 'tokenizer'), { recursive: true }))
  await t.throwsAsync(inRunFolder(dir, config, {}, words), { message })
  t.deepEqual(await readdir(dir), ['notes'])
  await rm(join(dir, 'notes'), { recursive: true })
  await t.throwsAsync(inRunFolder(dir, config, {}, words), { message })
  t.false(existsSync(dir))
  const log = fail(async () => {
    await mkdir(join(dir, 'stage1'))
    await writeFile(join(dir, 'stage1', 'log.jsonl'), '{"step":10}\n')
  })
  await t.throwsAsync(inRunFolder(dir, config, {}, log), { message })
  t.deepEqual((await readdir(dir)).sort(), ['config.json', 'stage1'])
  t.is(await inRunFolder(dir, config, { resume: true }, async () => 'done'), 'done')
})

test('a finished run can be exported once more, in other formats and to another place', async (t) => {
  const dir = await temporaryFolder(t)
  await openRunFolder(dir, { ...config, dtypes: ['fp32', 'q8'], maxDrop: [] }, {})
  await t.notThrowsAsync(openRunFolder(dir, { ...config, dtypes: ['fp32'], maxDrop: ['5'], exportDir: 'elsewhere' }, { resume: true }))
})

test('force removes neither what the run begins with nor a folder that holds no run', async (t) => {
  const dir = await temporaryFolder(t)
  await openRunFolder(dir, config, {})
  await mkdir(join(dir, 'student'))
  const from = { ...config, from: join(dir, 'student') }
  await t.throwsAsync(openRunFolder(dir, from, { force: true }), { message: /got the folder that --from is in\. Name another folder/ })
  await t.throwsAsync(openRunFolder(dir, { ...config, from: dir }, { force: true }), { message: /the folder that --from is in/ })
  const list = { ...config, stage1: { specialists: [`zh=${join(dir, 'student')}:0.5`] } }
  await t.throwsAsync(openRunFolder(dir, list, { force: true }), { message: /the folder that --stage1\.specialists\.0 is in/ })
  // Words that happen to be names of folders are no inputs.
  await t.notThrowsAsync(openRunFolder(dir, { ...config, from: tmpdir(), out: dir, student: dir }, { force: true }))
  const model = await temporaryFolder(t)
  await writeFile(join(model, 'config.json'), '{"model_type": "clip"}')
  for (const how of [{}, { force: true }, { resume: true }])
    await t.throwsAsync(openRunFolder(model, config, how), { message: /got a folder with a config\.json that is no run of its own/ })
  t.is(await readFile(join(model, 'config.json'), 'utf8'), '{"model_type": "clip"}')
  for (const part of ['checkpoints', 'student', 'log.jsonl']) {
    const stage = await temporaryFolder(t) // as distill leaves its stages
    await mkdir(join(stage, part))
    for (const how of [{}, { force: true }, { resume: true }])
      await t.throwsAsync(openRunFolder(stage, config, how), { message: new RegExp(`a folder with a ${part} that is no run of its own`) })
  }
})

test('finds the model of a run, of a whole distillation and of a plain folder', async (t) => {
  const dir = await temporaryFolder(t)
  t.throws(() => findModel(dir), { message: /expected a finished run, a model folder .* or an export/ })
  t.throws(() => findModel(join(dir, 'absent')), { message: /got no such folder/ })
  await mkdir(join(dir, 'stage1', 'student'), { recursive: true })
  await writeFile(join(dir, 'stage1', 'student', 'model.safetensors'), '')
  t.throws(() => findModel(dir), { message: /got one that has not finished its second stage\. Go on with it by --resume, or name .*stage1\./ })
  t.is(findModel(join(dir, 'stage1')), join(dir, 'stage1', 'student'))
  for (const place of ['stage2/student', 'student', '.']) {
    await mkdir(join(dir, place), { recursive: true })
    await writeFile(join(dir, place, 'model.safetensors'), '')
    t.is(findModel(dir), join(dir, place))
  }
})
