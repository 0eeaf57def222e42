import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { UserError } from '../../base/errors.ts'
import { openCorpus } from '../../corpora/open.ts'
import type { Pool } from '../../corpora/pool/open.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import { mixed } from '../../stages/pool-source.ts'
import { poolSet } from '../../training/data/pool-set.ts'
import { runStage } from '../../training/run-stage.ts'
import { captionedSource, type Source } from '../../training/source.ts'
import { stage1Settings } from '../../training/stage1-settings.ts'
import { startStudent } from '../../training/start-student.ts'
import { makeFolder } from './small-teachers.ts'

let folder: Promise<string> | undefined
test.after.always(async () => folder && (await rm(await folder, { recursive: true })))

const pool: Pool = {
  rows: Array.from({ length: 60 }, (_, i): Pool['rows'][number] => (i % 6 === 0 ? { fr: `chose ${i}` } : { de: `Ding ${i}` })),
  languages: ['de', 'fr'],
  sources: [],
  hasCedict: true,
}

async function run(name: string, { share = 0.5, steps = 6, resume = false, more = {} as object } = {}) {
  const dir = await (folder ??= makeFolder())
  const { corpus } = await openCorpus(join(dir, 'plain.csv'))
  const languages = ['de', 'fr']
  const settings = stage1Settings.parse({
    student: '16x1-16x1',
    ...{ steps, batchSize: 8, warmup: 1, threads: 1, logEvery: 1, checkpointEvery: 3, variants: 1, keepPatches: 1, vocabSize: 300 },
    ...more,
  })
  const teacher = await openOnnxFolder(join(dir, 'first'), { threads: 1 })
  try {
    const distillation = { teachers: { teacher, others: [] }, variants: 1, targets: 'augmented' as const }
    const weights = { task: 1, fd: 4 }
    const main = await captionedSource(corpus, languages, { weights, distillation })
    const { set } = poolSet(pool, { tokenizer: teacher.tokenizer, seed: 1 })
    const texts: Source = { name: 'texts', set, weights: { 'fd-text': 4, 'rkd-text': 4 }, share, batchSize: 32, distillation }
    const out = join(dir, name)
    const common = { languages, dir: out, cacheDir: join(dir, 'cache'), resume }
    const student = () =>
      startStudent({ ...settings, tokenizer: join(dir, 'words') }, { ...common, texts: [], imageSize: teacher.imageSize, embedDim: teacher.embedDim })
    const { model } = await runStage({ ...common, label: name, settings, sources: share > 0 ? mixed(main, texts) : [main], student })
    const lines = (await readFile(join(out, 'log.jsonl'), 'utf8')).trim().split('\n')
    const log = lines.map((line) => JSON.parse(line) as Record<string, number>)
    return {
      model,
      log,
      hash: createHash('sha256')
        .update(await readFile(join(out, 'student', 'model.safetensors')))
        .digest('hex'),
    }
  } finally {
    await teacher.release()
  }
}

test('captions and texts learn in one step: their losses are added by share, each is logged under its own name', async (t) => {
  const { log } = await run('both', { share: 0.25, steps: 12, more: { learningRate: 5e-3 } })
  for (const line of log) {
    const captions = line.task! + 4 * line.fd!
    const texts = 4 * line['texts_fd-text']! + 4 * line['texts_rkd-text']!
    t.true(Math.abs(line.loss! - (0.75 * captions + 0.25 * texts)) < 1e-4, `${line.loss}`)
  }
  t.true(log.at(-1)!['texts_fd-text']! < log[0]!['texts_fd-text']!)
})

test('micro-batches are averaged within a source and added between sources', async (t) => {
  const { log } = await run('accumulated', { steps: 2, more: { accumulate: 2 } })
  for (const line of log) {
    const expected = 0.5 * (line.task! + 4 * line.fd!) + 0.5 * 4 * (line['texts_fd-text']! + line['texts_rkd-text']!)
    t.true(Math.abs(line.loss! - expected) < 1e-4, `${line.loss} ${expected}`)
  }
})

test('a mixed run that goes on after a checkpoint ends bit for bit as one in a piece', async (t) => {
  const whole = await run('whole')
  const again = await run('again')
  t.is(again.hash, whole.hash)
  await rm(join(await folder!, 'again', 'checkpoints', 'step-0000006'), { recursive: true, force: true })
  const resumed = await run('again', { resume: true })
  t.is(resumed.hash, whole.hash)
  t.not((await run('alone', { share: 0 })).hash, whole.hash)
})

test('a run is not resumed with another share', async (t) => {
  await run('shares', { steps: 4 })
  const error = await t.throwsAsync(run('shares', { steps: 4, share: 0.25, resume: true }), { instanceOf: UserError })
  t.regex(`${error.fields.expected} ${error.fields.got}`, /share 0\.(5|25)/)
})
