import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { watched } from '../../base/watch.ts'
import { openCorpus } from '../../corpora/open.ts'
import { preset } from '../../models/config.ts'
import { createDualEncoder } from '../../models/dual-encoder.ts'
import { readModelFolder } from '../../models/folder.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import { runStage1 } from '../../stages/stage1.ts'
import { runStage2 } from '../../stages/stage2.ts'
import { loadTokenizer } from '../../tokenizers/load.ts'
import { stage1Settings } from '../../training/stage1-settings.ts'
import { stage2Settings } from '../../training/stage2-settings.ts'
import { worst } from '../engine/oracle.ts'
import { makeFolder } from './small-teachers.ts'

const languages = ['de', 'fr']
const usual = { steps: 4, batchSize: 8, warmup: 1, threads: 1, logEvery: 1, checkpointEvery: 2 }
let folder: Promise<string> | undefined
test.after.always(async () => folder && (await rm(await folder, { recursive: true })))

async function stage2(name: string, more: object, resume = false) {
  const dir = await (folder ??= makeFolder())
  const tokenizerDir = join(dir, 'words')
  const { vocabSize, contextLength } = await loadTokenizer(tokenizerDir)
  const model = createDualEncoder(preset('16x1-16x1', { vocabSize, embedDim: 16, imageSize: 32, contextLength }), 1)
  const settings = stage2Settings.parse({ ...usual, ...more })
  const open = await openCorpus(join(dir, 'plain.csv'))
  const run = { open, languages, model, tokenizerDir, settings, cacheDir: join(dir, 'cache'), resume }
  await runStage2({ ...run, kept: { pool: { textLimit: 200 }, teacher: join(dir, 'first') }, dir: join(dir, name) })
  return result(join(dir, name))
}

async function stage1(name: string, more: object) {
  const dir = await (folder ??= makeFolder())
  const settings = stage1Settings.parse({ ...usual, student: '16x1-16x1', variants: 2, tokenizer: join(dir, 'words'), ...more })
  const teacher = await openOnnxFolder(join(dir, 'first'), { threads: 1 })
  try {
    await runStage1({
      open: await openCorpus(join(dir, 'plain.csv')),
      languages,
      teacher,
      settings,
      dir: join(dir, name),
      cacheDir: join(dir, 'cache'),
    })
  } finally {
    await teacher.release()
  }
  return result(join(dir, name))
}

/** The student, a hash of its weights, and the losses on the way. */
async function result(dir: string) {
  const lines = (await readFile(join(dir, 'log.jsonl'), 'utf8')).trim().split('\n')
  const log = lines.map((line) => JSON.parse(line) as Record<string, number>).filter((line) => 'loss' in line)
  const weights = await readFile(join(dir, 'student', 'model.safetensors'))
  return { log, hash: createHash('sha256').update(weights).digest('hex'), params: (await readModelFolder(join(dir, 'student'))).params }
}

type Result = Awaited<ReturnType<typeof result>>

/** Losses of every step, and weights. AdamW divides by a gradient's size: where that is nothing but rounding, a weight may go either way. */
function alike(t: ExecutionContext, one: Result, other: Result, rate: number) {
  for (const [i, { stepsPerSecond: _, waitingShare: _1, ...line }] of one.log.entries())
    for (const [name, value] of Object.entries(line))
      t.true(Math.abs(other.log[i]![name]! - value) < 1e-4 * Math.max(1, Math.abs(value)), `${name} ${i}`)
  for (const [name, { data }] of Object.entries(one.params)) {
    if (name.endsWith('k_proj.bias')) continue // the softmax is the same for all values of it
    t.true(worst(other.params[name]!.data, data) < rate / 10, `${name}: ${worst(other.params[name]!.data, data)}`)
  }
}

test('stage 2 in micro-batches ends as in whole batches, and a resumed run in the same bytes', async (t) => {
  const settings = { learningRate: 1e-3, keepPatches: 0.5, ramp: 0.5 }
  const whole = await stage2('whole', settings)
  const notices: string[] = []
  const parts = await watched({ onNotice: (line) => notices.push(line) }, () => stage2('parts', { ...settings, microBatch: 2 }))
  alike(t, whole, parts, 1e-3)
  t.is(notices.filter((line) => /^stage 2, data: waited \d+\.\d % of the time$/.test(line)).length, 1, notices.join('\n'))
  for (const { waitingShare } of [...whole.log, ...parts.log]) t.true(waitingShare! > 0 && waitingShare! < 1, `${waitingShare}`)
  t.not(parts.hash, whole.hash, 'sums in another order')
  const dir = await folder!
  await rm(join(dir, 'parts', 'checkpoints', 'step-0000004'), { recursive: true })
  t.is((await stage2('parts', { ...settings, microBatch: 2 }, true)).hash, parts.hash)
})

test('stage 2 beside texts without images, which go through the tower as a whole', async (t) => {
  const settings = { textShare: 0.5, textBatch: 32, steps: 2 }
  alike(t, await stage2('texts', settings), await stage2('texts in parts', { ...settings, microBatch: 4 }), 3e-4)
})

test('stage 1 in micro-batches, several batches a step', async (t) => {
  const settings = { objective: 'task:2,fd:4,crd:1,icl:1', learningRate: 1e-3, keepPatches: 0.5, unmaskedTail: 0.5, accumulate: 2 }
  alike(t, await stage1('one', settings), await stage1('one in parts', { ...settings, microBatch: 2 }), 1e-3)
})
