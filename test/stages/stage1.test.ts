import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import sharp from 'sharp'
import { openCorpus } from '../../corpora/open.ts'
import { UserError } from '../../engine/errors.ts'
import { exportFolder } from '../../export/package.ts'
import { createDualEncoder } from '../../models/dual-encoder.ts'
import { readModelFolder } from '../../models/folder.ts'
import { openTeacher } from '../../models/teachers/onnx-folder.ts'
import { objectives } from '../../stages/objectives/table.ts'
import { runStage1, stage1Settings } from '../../stages/stage1.ts'
import { trainTokenizer, writeTokenizer } from '../../tokenizers/train.ts'

const languages = ['de', 'fr']
const colours = ['rot', 'grün', 'blau', 'gelb']
const couleurs = ['rouge', 'vert', 'bleu', 'jaune']

/** 24 one-coloured images in four classes, with and without a class column, and two untrained teachers of different kinds. */
async function makeFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'distilingual-stage1-'))
  const rows: string[][] = []
  for (let i = 0; i < 24; i++) {
    const background = { r: (i * 37) % 256, g: (i * 91) % 256, b: (i * 53) % 256 }
    await sharp({ create: { width: 32, height: 32, channels: 3, background } })
      .png()
      .toFile(join(dir, `${i}.png`))
    rows.push([`${i}.png`, `ein Bild ${colours[i % 4]} ${i}`, `une image ${couleurs[i % 4]} ${i}`, 'train', colours[i % 4]!])
  }
  const table = (header: string, columns: number) => [header, ...rows.map((row) => row.slice(0, columns).join())].join('\n')
  await writeFile(join(dir, 'classes.csv'), table('image,de,fr,split,class', 5))
  await writeFile(join(dir, 'plain.csv'), table('image,de,fr,split', 4))
  await writeTokenizer(
    join(dir, 'words'),
    trainTokenizer(
      rows.flatMap(([, de, fr]) => [de!, fr!]),
      { vocabSize: 300 },
    ),
  )
  const tower = { hidden_size: 16, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 4 }
  for (const [name, projection_dim, image_size] of [
    ['first', 16, 32],
    ['second', 12, 48],
  ] as const) {
    const text_config = { ...tower, vocab_size: 300, max_position_embeddings: 32 }
    const config = { projection_dim, vision_config: { ...tower, image_size, patch_size: 8 }, text_config }
    await exportFolder(createDualEncoder(config, image_size), {
      tokenizerDir: join(dir, 'words'),
      out: join(dir, name),
      dtypes: ['fp32'],
      leaveOut: ['combined'],
    })
  }
  return dir
}

let folder: Promise<string> | undefined
test.after.always(async () => folder && (await rm(await folder, { recursive: true })))

async function train(name: string, settings: object, table = 'classes.csv') {
  const dir = await (folder ??= makeFolder())
  const open = await openCorpus(join(dir, table))
  const teacher = await openTeacher(join(dir, 'first'), { threads: 1 })
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
  return JSON.parse(JSON.stringify(settings).replaceAll('DIR', dir)) as object
}

test('all objectives in one run', async (t) => {
  const names = Object.keys(objectives)
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
  const { log, written } = await train('team', {
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

test('a teacher at every step', async (t) => {
  const { log } = await train('online', { objective: 'task:1,fd:1', variants: 0 })
  t.true(Number.isFinite(log[0]!.fd))
})

const refused: Record<string, [object, RegExp, string?]> = {
  'class-embed without a class column': [
    { objective: 'task,class-embed' },
    /class-embed: expected a class column.*got 24 images, no two of one class/,
    'plain.csv',
  ],
  'class-embed with a teacher at every step': [{ objective: 'task,class-embed', variants: 0 }, /class-embed: expected cached features/],
  'hidden without a teacher that shows it': [
    { objective: 'task,hidden' },
    /--objective hidden: expected a teacher whose image tower shows its last layer/,
  ],
  'attention over other tokens': [
    { objective: 'task,attention-image', innerTeacher: 'DIR/second' },
    /expected 17 tokens in the teacher's image tower.*got 37/,
  ],
  'specialists without an objective for the own space': [
    { objective: 'fd', specialists: ['fr=DIR/second'] },
    /expected task, crd or siglip .* got fd/,
  ],
  'a specialist of a foreign language': [{ specialists: ['zh=DIR/second'] }, /--specialists .*: expected each of de, fr at most once, got zh/],
  'two specialists of one language': [{ specialists: ['fr=DIR/second', 'de+fr=DIR/first'] }, /got fr twice/],
  'a weight that is none': [{ ensemble: ['DIR/second:0'] }, /--ensemble .*: expected DIR or DIR:WEIGHT/],
  'a specialist without a language': [{ specialists: ['DIR/second'] }, /expected LANG=DIR or LANG\+LANG=DIR:WEIGHT/],
}
for (const [title, [settings, message, table]] of Object.entries(refused)) {
  test(`refuses: ${title}`, async (t) => {
    await t.throwsAsync(train(`refused ${title}`, settings, table), { instanceOf: UserError, message })
  })
}
