import '../../engine/telemetry-off.ts'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v4 from '@huggingface/transformers'
import * as v2 from '@xenova/transformers'
import test from 'ava'
import { checkScores, dim, expectedScores, exported, labels, type Score } from './interop-model.ts'
import { captions, leastCosine } from './small-model.ts'

test('transformers.js 4 loads the towers and gives the same embeddings', async (t) => {
  const { dir, picture, image, texts } = await exported(t)
  const options = { local_files_only: true, dtype: 'fp32' } as const
  const tokenizer = await v4.AutoTokenizer.from_pretrained(dir, { local_files_only: true })
  const text = await v4.CLIPTextModelWithProjection.from_pretrained(dir, { ...options })
  const { text_embeds } = await text(tokenizer([...captions], { padding: true, truncation: true }))
  t.true(leastCosine(text_embeds.data, texts, dim) > 0.999999)
  const processor = await v4.AutoProcessor.from_pretrained(dir, { local_files_only: true })
  const vision = await v4.CLIPVisionModelWithProjection.from_pretrained(dir, { ...options })
  const { image_embeds } = await vision(await processor(await v4.RawImage.read(picture)))
  t.true(leastCosine(image_embeds.data, image, dim) > 0.99999)
  await Promise.all([text.dispose(), vision.dispose()])
})

test('transformers.js 4 runs both pipelines', async (t) => {
  const { dir, picture, image, encoder } = await exported(t)
  const options = { local_files_only: true, dtype: 'fp32' } as const
  const extract = await v4.pipeline('image-feature-extraction', dir, { ...options })
  const features = await extract(picture)
  t.deepEqual(features.dims, [1, dim])
  t.true(leastCosine(features.data as Float32Array, image, dim) > 0.99999)
  const classify = await v4.pipeline('zero-shot-image-classification', dir, { ...options })
  const scores = await classify(picture, labels, { hypothesis_template: '{}' })
  checkScores(t, scores as Score[], expectedScores(image, await encoder.encodeTexts(labels), encoder.logitScale))
  await Promise.all([extract.dispose(), classify.dispose()])
})

test('transformers.js 2.17 loads the towers and runs both pipelines', async (t) => {
  const { dir, picture, image, texts, encoder } = await exported(t)
  const name = olderName(dir)
  const options = { local_files_only: true, quantized: false }
  const tokenizer = await v2.AutoTokenizer.from_pretrained(name, { ...options })
  const text = await v2.CLIPTextModelWithProjection.from_pretrained(name, { ...options })
  const { text_embeds } = await text(tokenizer([...captions], { padding: true, truncation: true }))
  t.true(leastCosine(text_embeds.data, texts, dim) > 0.999999)
  const processor = await v2.AutoProcessor.from_pretrained(name, { ...options })
  const vision = await v2.CLIPVisionModelWithProjection.from_pretrained(name, { ...options })
  const { image_embeds } = await vision(await processor(await v2.RawImage.read(picture)))
  t.true(leastCosine(image_embeds.data, image, dim) > 0.99999)

  const extract = await v2.pipeline('image-feature-extraction', name, { ...options })
  const features = await extract(picture)
  t.true(leastCosine(features.data as Float32Array, image, dim) > 0.99999)
  const classify = await v2.pipeline('zero-shot-image-classification', name, { ...options })
  const scores = await classify(picture, labels, { hypothesis_template: '{}' })
  checkScores(t, scores as Score[], expectedScores(image, await encoder.encodeTexts(labels), encoder.logitScale))
})

test('both load the quantized files', async (t) => {
  const { dir, picture, image, texts } = await exported(t)
  const newer = await v4.CLIPTextModelWithProjection.from_pretrained(dir, { local_files_only: true, dtype: 'q8' })
  const older = await v2.CLIPTextModelWithProjection.from_pretrained(olderName(dir), { local_files_only: true, quantized: true })
  const tokenizer = await v4.AutoTokenizer.from_pretrained(dir, { local_files_only: true })
  const olderTokenizer = await v2.AutoTokenizer.from_pretrained(olderName(dir), { local_files_only: true })
  const a = await newer(tokenizer([...captions], { padding: true, truncation: true }))
  const b = await older(olderTokenizer([...captions], { padding: true, truncation: true }))
  t.true(leastCosine(a.text_embeds.data, texts, dim) > 0.98)
  t.true(leastCosine(a.text_embeds.data, b.text_embeds.data, dim) > 0.999)
  const extract = await v4.pipeline('image-feature-extraction', dir, { local_files_only: true, dtype: 'q8' })
  t.true(leastCosine((await extract(picture)).data as Float32Array, image, dim) > 0.98)
  const olderExtract = await v2.pipeline('image-feature-extraction', olderName(dir), { local_files_only: true, quantized: true })
  t.true(leastCosine((await olderExtract(picture)).data as Float32Array, image, dim) > 0.98)
})

test("the model card's lines run as they stand", async (t) => {
  const { dir, picture, image, encoder } = await exported(t)
  const card = await readFile(join(dir, 'README.md'), 'utf8')
  const code = /```js\n([\s\S]*?)```/.exec(card)![1]!
  const script = join(process.cwd(), 'test', 'export', `card-${process.pid}.tmp.mjs`) // here, so that it finds the packages
  t.teardown(() => rm(script, { force: true }))
  await writeFile(script, `const dir = ${JSON.stringify(dir)}, file = ${JSON.stringify(picture)}\n${code}\nexport { text_embeds, image_embeds }\n`)
  const { text_embeds, image_embeds } = (await import(script)) as Record<string, { data: Float32Array }>
  t.true(leastCosine(text_embeds!.data, await encoder.encodeTexts(['a red apple', '红苹果']), dim) > 0.98)
  t.true(leastCosine(image_embeds!.data, image, dim) > 0.98)
})

/** Version 2 looks for every model under one folder, which all tests share. */
function olderName(dir: string): string {
  v2.env.localModelPath = '/'
  v2.env.allowRemoteModels = false
  return dir.slice(1)
}
