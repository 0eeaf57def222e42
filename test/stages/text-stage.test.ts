import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { openTexts } from '../../corpora/open-texts.ts'
import { exportFolder } from '../../export/package.ts'
import { createDualEncoder } from '../../models/dual-encoder.ts'
import { modelEncoder } from '../../models/encoder.ts'
import { readModelFolder, writeModelFolder } from '../../models/folder.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import type { ActivationOutput } from '../../models/towers.ts'
import { runTextStage } from '../../stages/text-stage.ts'
import { trainTokenizer, writeTokenizer } from '../../tokenizers/train.ts'
import { stage1Settings } from '../../training/stage1-settings.ts'
import { type Expected, throwsUserError } from '../user-error.ts'

const languages = ['de', 'fr']
const things = ['Apfel', 'Birne', 'Katze', 'Hund', 'Sonne', 'Mond', 'Haus', 'Baum']
const choses = ['pomme', 'poire', 'chat', 'chien', 'soleil', 'lune', 'maison', 'arbre']

/** 24 parallel texts as a table, an untrained teacher of 16 dimensions and its like as a student of ours. */
async function makeFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'distilingual-texts-'))
  const rows = Array.from({ length: 24 }, (_, i) => [`${things[i % 8]} Nummer ${i}`, `${choses[i % 8]} numéro ${i}`])
  await writeFile(join(dir, 'parallel.csv'), ['de,fr,source', ...rows.map((row) => `${row.join()},web`)].join('\n'))
  await writeFile(join(dir, 'parallel.jsonl'), rows.map(([de, fr]) => JSON.stringify({ captions: { de, fr: [fr] } })).join('\n'))
  await writeTokenizer(join(dir, 'words'), trainTokenizer(rows.flat(), { vocabSize: 300 }))
  const tower = { hidden_size: 16, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 4 }
  for (const [name, projection_dim] of [
    ['teacher', 16],
    ['wider', 20],
  ] as const) {
    const config = {
      projection_dim,
      vision_config: { ...tower, image_size: 32, patch_size: 8 },
      text_config: { ...tower, vocab_size: 300, max_position_embeddings: 32 },
    }
    const model = createDualEncoder(config, projection_dim)
    const options = { tokenizerDir: join(dir, 'words'), dtypes: ['fp32' as const] }
    await exportFolder(model, { ...options, leaveOut: ['combined'], out: join(dir, name) })
    if (name === 'teacher') {
      const outputs: ActivationOutput[] = ['hidden_states', 'attentions']
      await exportFolder(model, { ...options, leaveOut: ['combined', 'safetensors'], outputs, out: join(dir, 'shown') })
    }
    await mkdir(join(dir, `${name}-student`))
    await writeModelFolder(join(dir, `${name}-student`), createDualEncoder(config, 77), join(dir, 'words'))
  }
  return dir
}

let folder: Promise<string> | undefined
test.after.always(async () => folder && (await rm(await folder, { recursive: true })))

async function train(name: string, settings: object, table = 'parallel.csv') {
  const dir = await (folder ??= makeFolder())
  const texts = (await openTexts(join(dir, table)))!
  const teacher = await openOnnxFolder(join(dir, 'teacher'), { threads: 1 })
  const usual = { objective: 'fd-text:1,smooth-l1-text:0.5', steps: 12, batchSize: 8, warmup: 1, threads: 1, logEvery: 1, learningRate: 5e-3 }
  const placed = JSON.parse(JSON.stringify({ ...usual, ...settings }).replaceAll('DIR', dir)) as object
  const out = join(dir, name)
  try {
    const { model } = await runTextStage({
      texts,
      languages,
      teacher,
      settings: stage1Settings.parse(placed),
      dir: out,
      cacheDir: join(dir, 'cache'),
    })
    const log = (await readFile(join(out, 'log.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, number>)
    return { dir, model, log, written: await readModelFolder(join(out, 'student')) }
  } finally {
    await teacher.release()
  }
}

test('the text tower learns, the image tower stays bit for bit', async (t) => {
  const { dir, log, written } = await train('init', { init: 'DIR/teacher-student' })
  const before = await readModelFolder(join(dir, 'teacher-student'))
  t.true(log.at(-1)!['fd-text']! < 0.9 * log[0]!['fd-text']!, `${log[0]!['fd-text']} → ${log.at(-1)!['fd-text']}`)
  for (const [name, { data }] of Object.entries(written.params)) {
    const same = data.every((value, i) => value === before.params[name]!.data[i])
    t.is(same, !name.startsWith('text_'), name)
  }
})

test('without a student to begin with, a fresh one of the named size; JSONL as well', async (t) => {
  const { written, log } = await train('fresh', { student: 'tiny', objective: 'fd-text' }, 'parallel.jsonl')
  t.is(written.config.projection_dim, 16)
  t.is(written.config.text_config.hidden_size, 128)
  t.true(log.every(({ loss }) => Number.isFinite(loss)))
})

test('hidden-text and attention-text look into the teacher without images', async (t) => {
  const settings = { init: 'DIR/teacher-student', objective: 'fd-text:1,hidden-text:1,attention-text:1', innerTeacher: 'DIR/teacher', steps: 2 }
  const { log } = await train('inner', settings)
  t.true(log.every((line) => Number.isFinite(line['hidden-text']) && Number.isFinite(line['attention-text'])))
})

test('an ensemble: a student whose embedding has the dimensions of both', async (t) => {
  const { written } = await train('ensemble', { objective: 'fd-text', ensemble: ['DIR/wider'], steps: 2 })
  t.is(written.config.projection_dim, 36)
})

test("a pivot: translations learn what the teacher says of the pivot's words", async (t) => {
  const { dir, written } = await train('pivot', { init: 'DIR/teacher-student', pivot: 'de', objective: 'fd-text', steps: 150, learningRate: 1e-2 })
  const teacher = await openOnnxFolder(join(dir, 'teacher'), { threads: 1 })
  const student = await modelEncoder('student', written, written.tokenizer, { threads: 1 })
  t.teardown(() => Promise.all([teacher.release(), student.release()]))
  const french = await student.encodeTexts(['chat numéro 2', 'maison numéro 6'])
  const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0) / 2
  const pivot = cosine(french, await teacher.encodeTexts(['Katze Nummer 2', 'Haus Nummer 6']))
  const own = cosine(french, await teacher.encodeTexts(['chat numéro 2', 'maison numéro 6']))
  t.true(pivot > 0.8 && pivot > own, `${pivot} to the German, ${own} to the French`)
})

const refused: Record<string, [object, Expected]> = {
  'objectives of images': [{ objective: 'fd-text,task' }, { where: /--objective task/, got: /a corpus of texts alone/ }],
  'the sum over both towers': [{ objective: 'fd' }, { where: /--objective fd/, expected: /images/ }],
  'hidden-text without a teacher that shows it': [
    { objective: 'hidden-text' },
    { where: /--objective hidden-text/, expected: /a teacher that shows what is inside its text tower/ },
  ],
  'gates of ONNX files, which show none': [
    { objective: 'fd-text,gates-text', innerTeacher: 'DIR/shown' },
    { where: /--objective gates-text/, expected: /a teacher that shows/ },
  ],
  'gates of another size': [
    { objective: 'fd-text,gates-text', student: 'tiny', tokenizer: 'DIR/words', innerTeacher: 'DIR/teacher-student' },
    { where: /--objective gates-text/, expected: /a teacher whose text tower has the student's layers and widths/ },
  ],
  'a student of other dimensions': [
    { init: 'DIR/wider-student' },
    { expected: /a student whose embedding has the teacher's 16 dimensions/, got: '20' },
  ],
  'another embedding': [{ embedDim: 8 }, { expected: /the teacher's 16 dimensions/, got: '8' }],
  specialists: [{ specialists: ['fr=DIR/wider'] }, { where: /--specialists .*/, expected: /one space for all languages/ }],
  'how images are seen': [{ keepPatches: 0.3 }, { where: /--keep-patches/, got: '0.3' }],
  'a pivot that is not read': [{ pivot: 'en' }, { where: /--pivot en/, got: 'en' }],
  'two things to begin with': [
    { init: 'DIR/a', inherit: 'DIR/b' },
    { expected: /one of the two/, got: 'both' },
  ],
  'a tokenizer beside that of init': [
    { init: 'DIR/teacher-student', tokenizer: 'DIR' },
    { where: /--init .*teacher-student/, got: /^--tokenizer / },
  ],
}
for (const [title, [settings, expected]] of Object.entries(refused)) {
  test(`refuses: ${title}`, async (t) => {
    await throwsUserError(t, () => train(`refused ${title}`, settings), expected)
  })
}
