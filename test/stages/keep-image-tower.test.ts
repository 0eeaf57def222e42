import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v4 from '@huggingface/transformers'
import * as v2 from '@xenova/transformers'
import test, { type ExecutionContext } from 'ava'
import sharp from 'sharp'
import { normal, random } from '../../base/random.ts'
import { openCorpus } from '../../corpora/open.ts'
import { decodeSafetensors } from '../../engine/safetensors.ts'
import { exportFolder } from '../../export/package.ts'
import { readModelFolder } from '../../models/folder.ts'
import { findKeptImage } from '../../models/kept-image.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import { identifyModel, openModel } from '../../models/open-model.ts'
import { runStage1 } from '../../stages/stage1.ts'
import { runStage2 } from '../../stages/stage2.ts'
import { checkStage1 } from '../../training/check-stage1.ts'
import { stage1Settings } from '../../training/stage1-settings.ts'
import { stage2Settings } from '../../training/stage2-settings.ts'
import { startSource } from '../../training/start-source.ts'
import { compareParity } from '../../web/parity/parity.ts'
import { convTeacher, towerDim, towerSize } from '../export/conv/conv-tower.ts'
import { captions, leastCosine, noise } from '../export/small-model.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'

const languages = ['de', 'fr']
const usual = { student: '32x1', steps: 4, batchSize: 8, warmup: 1, threads: 1, logEvery: 1, keepImageTower: true }

/** A teacher with convolutions, and 16 one-coloured pictures with captions. */
async function setting(t: ExecutionContext) {
  const teacher = await convTeacher(t)
  const dir = await temporaryFolder(t)
  const rows = []
  for (let i = 0; i < 16; i++) {
    const background = { r: (i * 37) % 256, g: (i * 91) % 256, b: (i * 53) % 256 }
    await sharp({ create: { width: towerSize, height: towerSize, channels: 3, background } })
      .png()
      .toFile(join(dir, `${i}.png`))
    rows.push(`${i}.png,Bild ${i},image ${i},${i < 12 ? 'train' : 'validation'}`)
  }
  await writeFile(join(dir, 'table.csv'), ['image,de,fr,split', ...rows].join('\n'))
  return { teacher, dir, open: await openCorpus(join(dir, 'table.csv')), cacheDir: join(dir, 'cache') }
}

async function stage1({ teacher, dir, open, cacheDir }: Awaited<ReturnType<typeof setting>>, name: string, more: object = {}) {
  const encoder = await openOnnxFolder(teacher.dir, { threads: 1 })
  const keptImage = await findKeptImage(teacher.dir)
  const settings = stage1Settings.parse({ ...usual, tokenizer: teacher.tokenizerDir, ...more })
  try {
    await runStage1({ open, languages, teacher: encoder, keptImage, settings, dir: join(dir, name), cacheDir })
  } finally {
    await encoder.release()
  }
  const log = (await readFile(join(dir, name, 'log.jsonl'), 'utf8')).trim().split('\n')
  return { student: join(dir, name, 'student'), log: log.map((line) => JSON.parse(line) as Record<string, number>) }
}

test('both stages, the folder, the export, and who loads it', async (t) => {
  const place = await setting(t)
  const { teacher, dir, open, cacheDir } = place
  const first = await stage1(place, 'one')
  t.true(first.log.some((line) => Number.isFinite(line.crd)) && first.log.some((line) => 'validation_mean_recall_de' in line))
  t.deepEqual((await readdir(first.student, { recursive: true })).toSorted(), [
    'SHA256SUMS',
    'config.json',
    'model.safetensors',
    'onnx',
    'onnx/vision_model.onnx',
    'preprocessor_config.json',
    'tokenizer.json',
    'tokenizer_config.json',
  ])
  t.deepEqual(await readFile(join(first.student, 'onnx/vision_model.onnx')), await readFile(join(teacher.dir, 'onnx/vision_model.onnx')))
  const written = decodeSafetensors(await readFile(join(first.student, 'model.safetensors')), 'student')
  t.true(Object.keys(written).every((name) => name.startsWith('text_') || name === 'logit_scale'))

  const model = await readModelFolder(first.student)
  const before = model.params['text_projection.weight']!.data.slice()
  const settings = stage2Settings.parse({ steps: 2, batchSize: 8, warmup: 1, threads: 1 })
  await runStage2({ open, languages, model, tokenizerDir: first.student, settings, dir: join(dir, 'two'), cacheDir })
  const student = join(dir, 'two', 'student')
  t.notDeepEqual((await readModelFolder(student)).params['text_projection.weight']!.data, before)

  // Whatever opens a model: pictures as the teacher embeds them, texts as the student does.
  const [opened, original] = [await openModel(join(dir, 'two')), await openOnnxFolder(teacher.dir, { threads: 1 })]
  const pixels = noise(3, towerSize)
  const image = await opened.encodeImages(pixels, 3)
  t.true(leastCosine(image, await original.encodeImages(pixels, 3), towerDim) > 0.9999999)
  t.is(await opened.imageTowerId!(), await original.imageTowerId!())
  t.is((await readdir(cacheDir)).filter((name) => name.startsWith('features-image-')).length, 1, 'both stages read the same features')
  const texts = await opened.encodeTexts([...captions])
  t.not((await identifyModel(first.student)).hash, (await identifyModel(student)).hash)

  const out = join(dir, 'exported')
  const next = random(5)
  const calibration = { pixels: Float32Array.from({ length: 12 * 3 * towerSize ** 2 }, () => normal(next)), texts: [...captions] }
  const trained = await readModelFolder(student)
  const { parity } = await exportFolder(trained, { tokenizerDir: student, out, dtypes: ['fp32', 'fp16', 'q8'], calibration, threads: 1 })
  t.true(parity[0]!.image.least > 0.99999 && parity[1]!.image.least > 0.9999 && parity[2]!.image.mean > 0.99, JSON.stringify(parity))
  t.false(existsSync(join(out, 'onnx/model.onnx')))
  const card = await readFile(join(out, 'README.md'), 'utf8')
  t.regex(card, /Python's `CLIPModel` does not read this folder/)
  t.notRegex(card, /CLIPModel.from_pretrained/)

  const { rows } = await compareParity(out, { browser: false })
  t.true(
    rows.every(({ cosines }) => cosines['page, Node']! > 0.999),
    JSON.stringify(rows),
  )
  const picture = join(dir, 'picture.png')
  const rgb = Buffer.from(Uint8Array.from({ length: 3 * towerSize ** 2 }, (_, i) => (i * 7 + (i >> 5) * 13) % 256))
  await sharp(rgb, { raw: { width: towerSize, height: towerSize, channels: 3 } })
    .png()
    .toFile(picture)
  const local = { local_files_only: true } as const
  v2.env.localModelPath = '/'
  v2.env.allowRemoteModels = false
  const embeds: Float32Array[] = []
  for (const [library, name, formats] of [
    [v4, out, [{ dtype: 'fp32' }, { dtype: 'q8' }]],
    [v2, out.slice(1), [{ quantized: false }, { quantized: true }]],
  ] as const) {
    const tokenizer = await library.AutoTokenizer.from_pretrained(name, { ...local })
    const processor = await library.AutoProcessor.from_pretrained(name, { ...local })
    for (const format of formats) {
      const text = await library.CLIPTextModelWithProjection.from_pretrained(name, { ...local, ...format } as object)
      const vision = await library.CLIPVisionModelWithProjection.from_pretrained(name, { ...local, ...format } as object)
      const { text_embeds } = await text(tokenizer([...captions], { padding: true, truncation: true }))
      t.true(leastCosine(text_embeds.data as Float32Array, texts, towerDim) > ('quantized' in format || format.dtype === 'q8' ? 0.98 : 0.999999))
      const raw = await (library as typeof v4).RawImage.read(picture)
      embeds.push((await vision(await processor(raw as never))).image_embeds.data as Float32Array)
    }
  }
  const [exact, small, olderExact, olderSmall] = embeds as [Float32Array, Float32Array, Float32Array, Float32Array]
  t.true(leastCosine(exact, olderExact, towerDim) > 0.99999)
  t.true(leastCosine(small, exact, towerDim) > 0.99 && leastCosine(olderSmall, exact, towerDim) > 0.99)
  await Promise.all([opened.release(), original.release()])
})

test('no picture is read where no objective needs one', async (t) => {
  const place = await setting(t)
  const { log } = await stage1({ ...place, open: { ...place.open, corpus: withoutPictures(place.open.corpus) } }, 'texts', {
    objective: 'fd-text:1',
    validateEvery: 100,
  })
  t.true(Number.isFinite(log[0]!['fd-text']))
})

/** Pictures that cannot be read. */
function withoutPictures(corpus: Awaited<ReturnType<typeof setting>>['open']['corpus']): typeof corpus {
  return {
    ...corpus,
    async *samples(split) {
      for await (const sample of corpus.samples(split)) {
        const read = () => Promise.reject(new Error('a picture was read'))
        yield split === 'train' ? { ...sample, image: { ...sample.image, read } } : sample
      }
    },
  }
}

for (const [name, settings, fields] of [
  ['patch size', { patchSize: 8 }, { where: '--patch-size' }],
  ['image size', { imageSize: 64 }, { where: '--image-size' }],
  ['dimension', { embedDim: 32 }, { where: '--embed-dim' }],
  ['sizes of both towers', { student: '96x2-96x2' }, { where: '--student', got: '96x2-96x2' }],
  ['augmentation', { augmentation: 'mild' }, { where: '--augmentation' }],
  ['shrinking', { shrink: true }, { where: '--shrink' }],
  ['an ensemble', { ensemble: ['other'] }, { where: '--ensemble' }],
  ['mfd', { objective: 'fd:1,mfd:1' }, { where: '--objective mfd', hint: /stays as it is\.$/ }],
  ['an objective of images alone', { objective: 'fd-image:1' }, { where: '--objective fd-image', hint: /: fd-text\.$/ }],
  ['gates', { objective: 'task:1,gates:1' }, { where: '--objective gates' }],
  ['class-embed', { objective: 'task:1,class-embed:1' }, { where: '--objective class-embed' }],
] as const) {
  test(`refused with an image tower that is kept: ${name}`, async (t) => {
    await throwsUserError(t, () => checkStage1(stage1Settings.parse({ keepImageTower: true, ...settings })), fields)
  })
}

test('the size of a text tower alone is none of a student with two', async (t) => {
  await throwsUserError(t, () => checkStage1(stage1Settings.parse({ student: '96x2' })), { where: 'model size', got: '96x2' })
})

test('folders without the tower, and formats that it has not', async (t) => {
  const place = await setting(t)
  const empty = join(place.dir, 'empty')
  await mkdir(join(empty, 'onnx'), { recursive: true })
  await writeFile(join(empty, 'onnx/text_model.onnx'), '')
  await throwsUserError(t, () => findKeptImage(empty), { where: empty, got: 'onnx/text_model.onnx' })
  const { student } = await stage1(place, 'run', { steps: 1, objective: 'fd-text:1' })
  const model = await readModelFolder(student)
  const options = { tokenizerDir: student, out: join(place.dir, 'out'), threads: 1 }
  await throwsUserError(t, () => exportFolder(model, { ...options, dtypes: ['int8'] }), { where: '--dtype', got: 'int8' })
  await throwsUserError(t, () => exportFolder(model, { ...options, dtypes: ['q8'] }), { where: '--dtype q8', got: 'none' })
  await throwsUserError(t, () => exportFolder(model, { ...options, dtypes: ['fp32'], outputs: ['hidden_states'] }), { where: '--outputs' })
  await rm(join(student, 'onnx'), { recursive: true })
  await throwsUserError(t, () => readModelFolder(student), { where: student })
})

test("a student goes on beside another teacher's tower, whose it then is; not beside one of another dimension", async (t) => {
  const place = await setting(t)
  const { student } = await stage1(place, 'run', { steps: 1, objective: 'fd-text:1' })
  const other = join(place.dir, 'other')
  await cp(place.teacher.dir, other, { recursive: true })
  const keptImage = await findKeptImage(other)
  const settings = stage1Settings.parse({ keepImageTower: true, init: student })
  const frame = { imageSize: towerSize, embedDim: towerDim, keptImage }
  const source = await startSource(settings, frame)
  t.is(source!.model.config.kept_image_tower, keptImage.id)
  await throwsUserError(t, () => startSource(settings, { ...frame, keptImage: { ...keptImage, embedDim: 2 * towerDim } }), {
    where: `--init ${student}`,
    got: `${towerDim}`,
  })
})
