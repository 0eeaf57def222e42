import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { UserError } from '../../base/errors.ts'
import { openCorpus } from '../../corpora/open.ts'
import { decodeSafetensors } from '../../engine/safetensors.ts'
import { readModelFolder } from '../../models/folder.ts'
import { inherit } from '../../models/inherit.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import { runStage1 } from '../../stages/stage1.ts'
import { objectives } from '../../training/objectives/table.ts'
import { stage1Settings } from '../../training/stage1-settings.ts'
import { patchSizeOf, studentImageSize } from '../../training/start-source.ts'
import { throwsUserError } from '../user-error.ts'
import { makeFolder } from './small-teachers.ts'
import { refused } from './stage1-refusals.ts'

const languages = ['de', 'fr']
let folder: Promise<string> | undefined
test.after.always(async () => folder && (await rm(await folder, { recursive: true })))

async function train(name: string, settings: object, table = 'classes.csv') {
  const dir = await (folder ??= makeFolder())
  const open = await openCorpus(join(dir, table))
  const teacher = await openOnnxFolder(join(dir, 'first'), { threads: 1 })
  const usual = { tokenizer: join(dir, 'words'), keepPatches: 1, steps: 2, batchSize: 8, warmup: 1, variants: 2, threads: 1, logEvery: 1 }
  const out = join(dir, name)
  try {
    const run = { open, languages, teacher, dir: out, cacheDir: join(dir, 'cache') }
    const { model } = await runStage1({ ...run, settings: stage1Settings.parse({ ...usual, ...placed(settings, dir) }) })
    const log = (await readFile(join(out, 'log.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, number>)
    return { model, log, written: await readModelFolder(join(out, 'student')) }
  } finally {
    await teacher.release()
  }
}

/** DIR in settings is the folder. */
function placed(settings: object, dir: string): object {
  return { ...settings, ...(JSON.parse(JSON.stringify(settings).replaceAll('DIR', dir)) as object) } // what is undefined stays so
}

test('all objectives in one run', async (t) => {
  const names = Object.keys(objectives).filter((name) => !name.startsWith('gates')) // these need a teacher of the student's size
  const { log, written } = await train('all', {
    objective: names.map((name) => `${name}:0.1`).join(),
    innerTeacher: 'DIR/first',
    classCentroids: 2,
    crdAlpha: 0.5,
  })
  const first = log.find((line) => 'loss' in line)!
  for (const name of names) t.true(Number.isFinite(first[name]), name)
  t.is(written.config.projection_dim, 16)
  t.false(Object.keys(written.params).some((name) => name.startsWith('objective.') || name.startsWith('adapter.')))
})

test('a specialist and an ensemble, each at its own image size', async (t) => {
  const { log, written } = await train('several teachers', {
    objective: 'task:1,crd:1,fd:2,mfd-image:1,icl:0.5',
    specialists: ['fr=DIR/second:0.5'],
    ensemble: ['DIR/second:2'],
  })
  t.true(log.filter((line) => 'loss' in line).every(({ loss }) => Number.isFinite(loss)))
  t.is(written.config.projection_dim, 16)
})

test('an ensemble without task folds its adapters: the student then has the dimensions of all', async (t) => {
  const { written } = await train('folded', { objective: 'fd:1', ensemble: ['DIR/second'] })
  t.is(written.config.projection_dim, 28)
})

test('classes from any column: as many anchors as it has values, and one for each empty cell', async (t) => {
  const { log } = await train('farms', { objective: 'task:1,class-embed:0.5,anchor:1', classColumn: 'farm' }, 'farms.csv')
  t.true(log.filter((line) => 'loss' in line).every((line) => Number.isFinite(line['class-embed']) && Number.isFinite(line.anchor)))
  const dir = await folder!
  const checkpoint = (await readdir(join(dir, 'farms', 'checkpoints'), { recursive: true })).find((name) => name.endsWith('.safetensors'))!
  const params = decodeSafetensors(await readFile(join(dir, 'farms', 'checkpoints', checkpoint)), checkpoint)
  const [anchors] = Object.entries(params).flatMap(([name, { shape }]) => (name.endsWith('objective.anchor.weight') ? [shape] : []))
  t.deepEqual(anchors, [3 + 6, 16])
  const { log: usual } = await train('farms by class', { objective: 'task:1,class-embed:0.5,anchor:1' }, 'farms.csv')
  t.is(log[0]!.task, usual[0]!.task, 'positives are those of the class column')
  t.not(log[0]!['class-embed'], usual[0]!['class-embed'])
})

test('begins with another student as it is, or cut out of a larger one', async (t) => {
  const first = await train('larger', { student: '128x3-128x2', steps: 1 })
  const still = { steps: 1, learningRate: 1e-60 } // what is written then is what training began with
  const { written: same } = await train('init', { ...still, tokenizer: undefined, init: 'DIR/larger' })
  for (const [name, { data }] of Object.entries(first.written.params)) t.true(equal(same.params[name]!.data, data), name)
  const { written: cut } = await train('inherit', { ...still, tokenizer: undefined, student: '64x2-64x1', inherit: 'DIR/larger' })
  t.is(cut.config.vision_config.hidden_size, 64)
  const wanted = inherit(first.written, cut.config)
  for (const [name, { data }] of Object.entries(wanted.params)) t.true(equal(cut.params[name]!.data, data), name)
})

test('captions are cut where, and as, settings say', async (t) => {
  const { written } = await train('context', {
    ...{ tokenizer: undefined, vocabSize: 300, contextLength: 6, steps: 1 },
    tokenizerAlgorithm: 'unigram',
  })
  t.is(JSON.parse(await readFile(join(await folder!, 'context', 'tokenizer', 'tokenizer.json'), 'utf8')).model.type, 'Unigram')
  t.is(written.config.text_config.max_position_embeddings, 6)
  t.is(written.tokenizer.encode('ein Bild rot 1, und noch viel mehr').length, 6)
})

test('patches of another size, and what is usual', async (t) => {
  const { written } = await train('patches', { patchSize: 16, steps: 1 })
  t.is(written.config.vision_config.patch_size, 16)
  t.deepEqual(
    [32, 48, 64, 224, 336, 378].map((size) => patchSizeOf(size)),
    [8, 8, 8, 28, 42, 42],
  )
})

test('the student sees images at its own size, the teacher at its; one to begin with keeps its size', async (t) => {
  const { written, log } = await train('small', {
    imageSize: 16,
    patchSize: 4,
    steps: 1,
    objective: 'fd:1,hidden-image:1',
    innerTeacher: 'DIR/first',
  })
  t.is(written.config.vision_config.image_size, 16)
  t.true(log.filter((line) => 'loss' in line).every((line) => Number.isFinite(line.fd) && Number.isFinite(line['hidden-image'])))
  const { written: same } = await train('small again', { tokenizer: undefined, init: 'DIR/small', steps: 1 })
  t.is(same.config.vision_config.image_size, 16)
  const { written: usual } = await train('usual', { steps: 1 })
  t.is(usual.config.vision_config.image_size, 32, "no larger than the teacher's")
})

test('a size that fits nothing is refused', async (t) => {
  const dir = await folder!
  const [teacher, hint] = [48, 'Name another student, or leave it out to begin from random weights.']
  t.is(await studentImageSize({}, 64, teacher), 48)
  t.is(await studentImageSize({ imageSize: 80 }, 64, teacher), 80)
  t.is(await studentImageSize({ init: join(dir, 'first') }, 64, teacher), 32)
  const error = await t.throwsAsync(studentImageSize({ init: join(dir, 'first'), imageSize: 64 }, 64, teacher), { instanceOf: UserError })
  t.like((error as UserError).fields, { expected: 'images of 64 px, as --image-size says', got: '32 px', hint })
  const prime = t.throws(() => patchSizeOf(67), { instanceOf: UserError }) as UserError
  t.like(prime.fields, { where: 'images of 67 px', got: '67' })
  const online = await t.throwsAsync(train('online', { imageSize: 16, variants: 0 }), { instanceOf: UserError })
  t.like((online as UserError).fields, { expected: 'images of 16 px', got: 'images of 32 px' })
})

/** 0 and −0, as a step of rate 0 may leave it, are equal. */
function equal(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i])
}

test("a pivot: the other language's texts learn the teacher's features of the pivot's", async (t) => {
  const settings = { objective: 'fd-text:1', steps: 1 }
  const { log } = await train('without pivot', settings)
  const { log: pivoted } = await train('pivot', { ...settings, pivot: 'de' })
  t.not(log[0]!['fd-text'], pivoted[0]!['fd-text'])
})

test('a teacher at every step', async (t) => {
  const { log } = await train('online', { objective: 'task:1,fd:1', variants: 0 })
  t.true(Number.isFinite(log[0]!.fd))
})

for (const [title, [settings, expected, table]] of Object.entries(refused)) {
  test(`refuses: ${title}`, async (t) => {
    await throwsUserError(t, () => train(`refused ${title}`, settings, table), expected)
  })
}
