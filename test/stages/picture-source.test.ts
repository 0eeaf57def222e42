import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import sharp from 'sharp'
import { openCorpus } from '../../corpora/open.ts'
import type { Pictures } from '../../corpora/picture-folder.ts'
import type { Pool } from '../../corpora/pool/open.ts'
import { findKeptImage } from '../../models/kept-image.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import { pictureSource } from '../../stages/picture-source.ts'
import { mixed } from '../../stages/pool-source.ts'
import { runStage1 } from '../../stages/stage1.ts'
import { poolSet } from '../../training/data/pool-set.ts'
import { runStage } from '../../training/run-stage.ts'
import { captionedSource } from '../../training/source.ts'
import { stage1Settings } from '../../training/stage1-settings.ts'
import { startStudent } from '../../training/start-student.ts'
import { convTeacher } from '../export/conv/conv-tower.ts'
import { throwsUserError } from '../user-error.ts'
import { makeFolder } from './small-teachers.ts'

const languages = ['de', 'fr']
let folder: Promise<string> | undefined
test.after.always(async () => folder && (await rm(await folder, { recursive: true })))

/** Two bars on a ground, without captions. */
const pictures: Pictures = {
  name: 'bars',
  samples: Array.from({ length: 20 }, (_, i) => ({
    id: `bar ${i}`,
    captions: {},
    image: {
      key: `bar ${i}`,
      read: async () => {
        const bar = (left: number, top: number) => ({
          input: { create: { width: 20, height: 6, channels: 3 as const, background: { r: 12 * i, g: 255 - 9 * i, b: 80 } } },
          left,
          top,
        })
        return sharp({ create: { width: 32, height: 32, channels: 3, background: { r: 250 - 11 * i, g: 200, b: 7 * i } } })
          .composite([bar(i % 12, 2), bar(12 - (i % 12), i + 4)])
          .png()
          .toBuffer()
      },
    },
  })),
}

const pool: Pool = {
  rows: Array.from({ length: 40 }, (_, i): Pool['rows'][number] => (i % 4 === 0 ? { fr: `chose ${i}` } : { de: `Ding ${i}` })),
  languages,
  sources: [],
  hasCedict: true,
}

const usual = { student: '16x1-16x1', batchSize: 8, warmup: 1, threads: 1, logEvery: 1, variants: 2, pictureShare: 0.4, pictureBatch: 8 }

async function logOf(dir: string): Promise<Record<string, number>[]> {
  const lines = (await readFile(join(dir, 'log.jsonl'), 'utf8')).trim().split('\n')
  return lines.map((line) => JSON.parse(line) as Record<string, number>).filter((line) => 'loss' in line)
}

async function distil(name: string, more: object) {
  const dir = await (folder ??= makeFolder())
  const open = await openCorpus(join(dir, 'plain.csv'))
  const settings = stage1Settings.parse({ ...usual, objective: 'task:1,fd:4', tokenizer: join(dir, 'words'), keepPatches: 1, ...more })
  const teacher = await openOnnxFolder(join(dir, 'first'), { threads: 1 })
  try {
    await runStage1({ open, languages, teacher, pictures, settings, dir: join(dir, name), cacheDir: join(dir, 'cache') })
  } finally {
    await teacher.release()
  }
  return logOf(join(dir, name))
}

test("pictures without captions learn in the corpus' steps, from the teacher's features of their augmentations", async (t) => {
  const log = await distil('alone', { steps: 16, learningRate: 5e-3, pictureObjective: 'fd-image:4,rkd-image:1' })
  for (const line of log) {
    const expected = 0.6 * (line.task! + 4 * line.fd!) + 0.4 * (4 * line['pictures_fd-image']! + line['pictures_rkd-image']!)
    t.true(Math.abs(line.loss! - expected) < 1e-4, `${line.loss} ${expected}`)
  }
  t.true(log.at(-1)!['pictures_fd-image']! < 0.7 * log[0]!['pictures_fd-image']!)
})

test('a teacher that runs at every step stays in memory beside pictures whose features are stored', async (t) => {
  const [line] = await distil('online', { steps: 1, variants: 0, pictureVariants: 2 })
  t.true(Number.isFinite(line!.fd) && Number.isFinite(line!['pictures_fd-image']))
})

/** Sources by hand: the shipped pool is too large for a test. */
async function besideTexts(
  t: ExecutionContext,
  options: { teacherDir: string; tokenizer: string; keep?: boolean; weights: Record<string, number>; settings: object },
) {
  const dir = await (folder ??= makeFolder())
  const { teacherDir, tokenizer, keep, weights } = options
  const { corpus } = await openCorpus(join(dir, 'plain.csv'))
  const settings = stage1Settings.parse({ ...usual, tokenizer, keepImageTower: keep, ...options.settings })
  const teacher = await openOnnxFolder(teacherDir, { threads: 1 })
  const keptImage = keep ? await findKeptImage(teacherDir) : undefined
  try {
    const teachers = { teacher, others: [] }
    const main = await captionedSource(corpus, languages, { weights, distillation: { teachers, variants: 2, targets: 'augmented' } })
    const { set } = poolSet(pool, { tokenizer: teacher.tokenizer, seed: 1 })
    const out = join(dir, t.title)
    const common = { languages, dir: out, cacheDir: join(dir, 'cache') }
    const { imageSize, embedDim } = teacher
    await runStage({
      ...common,
      label: 'test',
      settings,
      sources: mixed(main, pictureSource(pictures, set, settings, teachers)),
      student: () => startStudent(settings, { ...common, texts: [], imageSize, embedDim, keptImage }),
    })
    return await logOf(out)
  } finally {
    await teacher.release()
  }
}

test('pictures and texts of a pool that do not belong together teach by what the teacher sees in them', async (t) => {
  const dir = await (folder ??= makeFolder())
  const log = await besideTexts(t, {
    teacherDir: join(dir, 'first'),
    tokenizer: join(dir, 'words'),
    weights: { fd: 4 },
    settings: { steps: 16, learningRate: 5e-3, keepPatches: 1, pictureObjective: 'crd:1,icl:1,fd:4' },
  })
  for (const name of ['pictures_crd', 'pictures_icl', 'pictures_fd']) t.true(Number.isFinite(log[0]![name]), name)
  t.true(log.at(-1)!.pictures_fd! < 0.7 * log[0]!.pictures_fd!)
})

test('beside an image tower that is kept they teach the text tower', async (t) => {
  const { dir, tokenizerDir } = await convTeacher(t)
  const log = await besideTexts(t, {
    teacherDir: dir,
    tokenizer: tokenizerDir,
    keep: true,
    weights: { 'fd-text': 4 },
    settings: { student: '32x1', steps: 12, learningRate: 5e-3, pictureObjective: 'crd:1,fd-text:4' },
  })
  t.true(log.at(-1)!['pictures_fd-text']! < 0.8 * log[0]!['pictures_fd-text']!)
})

test('refuses fewer pictures, or texts beside them, than a batch', async (t) => {
  const dir = await (folder ??= makeFolder())
  const teacher = await openOnnxFolder(join(dir, 'first'), { threads: 1 })
  t.teardown(() => teacher.release())
  const source = (more: object) =>
    pictureSource(pictures, poolSet(pool, { seed: 1 }).set, stage1Settings.parse({ ...usual, ...more }), { teacher, others: [] })
  await throwsUserError(t, () => source({ pictureBatch: 21 }), { where: 'bars', expected: /--picture-batch 21/, got: '20' })
  const many = { ...pictures, samples: [...pictures.samples, ...pictures.samples, ...pictures.samples] }
  const settings = stage1Settings.parse({ ...usual, pictureBatch: 50 })
  await throwsUserError(t, () => pictureSource(many, poolSet(pool, { seed: 1 }).set, settings, { teacher, others: [] }), {
    where: '--text-limit',
    got: '40',
  })
  const spoken = ['de', 'fr', 'it']
  const three = poolSet({ ...pool, rows: spoken.map((language) => ({ [language]: 'eins' })), languages: spoken }, { seed: 1 }).set
  const small = stage1Settings.parse({ ...usual, pictureBatch: 2 })
  await throwsUserError(t, () => pictureSource(pictures, three, small, { teacher, others: [] }), { where: '--picture-batch', got: '2' })
})
