import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { UserError } from '../../../base/errors.ts'
import { encodeModel } from '../../../engine/onnx/proto.ts'
import { withExternalData } from '../../../models/onnx/files.ts'
import { openImageTower } from '../../../models/onnx/image-tower.ts'
import { openFolder, openOnnxFolder, type TeacherOptions } from '../../../models/onnx/open-folder.ts'
import { openTextTower } from '../../../models/onnx/text-tower.ts'
import { noise } from '../../export/small-model.ts'
import { throwsUserError } from '../../user-error.ts'
import { combined, dim, type Folder, imageTower, outside, rows, side, textTower, tinyFolder } from './tiny.ts'

const split = { 'onnx/vision_model': imageTower(), 'onnx/text_model': textTower() }
const pooled = { 'onnx/vision_model': imageTower('pooler_output'), 'onnx/text_model': textTower('pooler_output') }
const siglip = { model_type: 'siglip' }

async function open(t: ExecutionContext, folder: Folder | string, options: TeacherOptions = {}) {
  const opened = await openFolder(typeof folder === 'string' ? folder : await tinyFolder(t, folder), { threads: 1, ...options })
  t.teardown(() => opened.encoder.release())
  return opened
}

async function refused(t: ExecutionContext, folder: Folder | string, fields: Partial<UserError['fields']>, options: TeacherOptions = {}) {
  const dir = typeof folder === 'string' ? folder : await tinyFolder(t, folder)
  const error = (await t.throwsAsync(openOnnxFolder(dir, { threads: 1, ...options }), { instanceOf: UserError })) as UserError
  t.is(error.exitCode, 2)
  for (const [field, part] of Object.entries(fields)) t.true(error.fields[field as 'got'].includes(part), `${field}: ${error.fields[field as 'got']}`)
}

const close = (a: Float32Array, b: Float32Array) => a.length === b.length && a.every((value, i) => Math.abs(value - b[i]!) < 1e-5)
const short = 'a dog'
const long = 'two dogs run over grass and a red apple'

test('a text tower without a mask that looks both ways always reads texts of full length; one that does not, does not', async (t) => {
  const both = await open(t, { files: split })
  t.deepEqual(both.text.length, { limit: rows, isFull: true })
  t.deepEqual(both.text.feeds([short]).input_ids!.dims, [1, rows])
  const beside = await both.encoder.encodeTexts([short, long])
  t.true(close(await both.encoder.encodeTexts([short]), beside.subarray(0, dim)))
  const first = await open(t, { files: { ...split, 'onnx/text_model': textTower('text_embeds', 'first') } })
  t.false(first.text.length.isFull)
  t.true(first.text.feeds([short]).input_ids!.dims[1]! < rows)
})

test('how long texts may be follows from the table of positions where no file says it, and is tried out', async (t) => {
  t.is((await open(t, { files: split })).text.length.limit, rows)
  t.is((await open(t, { files: split, maxLength: 12 })).text.length.limit, 12)
  const unnamed = textTower()
  const named = (name: string) => (name === 'position_embedding.weight' ? 'P' : name)
  const anonymous = {
    ...unnamed,
    nodes: unnamed.nodes.map((node) => ({ ...node, inputs: node.inputs.map(named) })),
    initializers: new Map([...unnamed.initializers].map(([name, tensor]) => [named(name), tensor])),
  }
  t.is((await open(t, { files: { ...split, 'onnx/text_model': anonymous } })).text.length.limit, rows)
  await refused(t, { files: split, maxLength: 40 }, { where: 'tokenizer_config.json', got: `40, where its table of positions has ${rows} rows` })
  await refused(
    t,
    { files: { ...split, 'onnx/text_model': anonymous }, maxLength: 40 },
    { where: 'tokenizer_config.json', got: '40, which fail with' },
  )
})

test('embeddings go by the names that exporters give them', async (t) => {
  const expected = await (await open(t, { files: split })).encoder.encodeTexts([short])
  for (const [text, image] of [
    ['text_embeddings', 'image_embeddings'],
    ['l2norm_text_embeddings', 'l2norm_image_embeddings'],
    ['sentence_embedding', 'image_embeds'],
    ['unnorm_text_features', 'embedding'],
  ] as const) {
    const { encoder } = await open(t, { files: { 'onnx/vision_model': imageTower(image), 'onnx/text_model': textTower(text) } })
    t.true(close(await encoder.encodeTexts([short]), expected), text)
  }
  t.is((await open(t, { config: siglip, files: pooled })).image.tower.output, 'pooler_output')
})

test('what is not projected is no embedding', async (t) => {
  await refused(t, { files: pooled }, { expected: 'image_embeds', got: 'pooler_output', hint: 'not projected' })
  await refused(t, { config: siglip, files: { ...pooled, 'onnx/vision_model': imageTower() } }, { where: 'text_model', got: 'pooler_output' })
  await refused(t, { config: { model_type: 'clip', projection_dim: 512 }, files: split }, { where: 'config.json', expected: `${dim}`, got: '512' })
  t.is((await open(t, { config: { model_type: 'clip', projection_dim: dim }, files: split })).encoder.embedDim, dim)
})

test('a model of both towers is cut, whatever the order of its nodes, and wherever its weights lie', async (t) => {
  const whole = combined(textTower(), imageTower())
  const apart = await open(t, { files: split })
  const pixels = noise(2, side)
  const { model, weights } = outside(whole, 'weights.bin')
  const outsideFiles = { 'onnx/model': model, 'onnx/weights.bin': weights }
  for (const files of [{ 'onnx/model': whole }, outsideFiles] as Folder['files'][]) {
    const { encoder } = await open(t, { files })
    t.true(close(await encoder.encodeTexts([short, long]), await apart.encoder.encodeTexts([short, long])))
    t.true(close(await encoder.encodeImages(pixels, 2), await apart.encoder.encodeImages(pixels, 2)))
  }
  const dir = await tinyFolder(t, { files: outsideFiles })
  const before = await open(t, dir)
  t.deepEqual(
    (await withExternalData(join(dir, 'onnx/model.onnx'))).map((file) => file.slice(dir.length + 1)),
    ['onnx/model.onnx', 'onnx/weights.bin'],
  )
  await appendFile(join(dir, 'onnx/weights.bin'), ' ')
  t.not((await open(t, dir)).encoder.id, before.encoder.id, 'the identity follows from every byte')
  await rm(join(dir, 'onnx/weights.bin'))
  await refused(t, dir, { where: 'model.onnx', expected: 'weights.bin beside it', got: 'no such file' })
})

test('towers may lie in two folders, and in files of formats that are only read', async (t) => {
  const both = await open(t, { files: split })
  const image = await tinyFolder(t, { files: { 'onnx/vision_model_q4f16': imageTower() } })
  const text = await tinyFolder(t, { config: {}, files: { 'onnx/model_bnb4': textTower('sentence_embedding') } })
  const { encoder } = await open(t, `${image}+${text}`)
  t.true(close(await encoder.encodeTexts([short]), await both.encoder.encodeTexts([short])))
  t.true(close(await encoder.encodeImages(noise(1, side), 1), await both.encoder.encodeImages(noise(1, side), 1)))
  t.regex(encoder.id, /^tiny\+tiny-[0-9a-f]{12}$/)
  await refused(t, `${image}+${text}/none`, { where: 'none', got: 'nothing there' })
  await refused(t, `${text}+${image}`, { where: image, expected: 'onnx/text_model or onnx/model' })
})

test('one tower alone, by another output, with an output beside it as it is', async (t) => {
  const tower = imageTower()
  const features = { ...tower.outputs[0]!, name: 'features' }
  const doubled = {
    ...tower,
    nodes: [...tower.nodes, { ...tower.nodes[1]!, op: 'Add', inputs: ['image_embeds', 'image_embeds'], outputs: ['features'] }],
  }
  const dir = await tinyFolder(t, { files: { 'onnx/vision_model': { ...doubled, outputs: [features, ...tower.outputs] } } })
  const image = await openImageTower(dir, { threads: 1, others: ['features'] })
  t.teardown(() => image.release())
  t.is(image.tower.output, 'image_embeds', 'what stands beside is ignored')
  const [embeds, beside] = await image.readImages(noise(1, side), 1, ['image_embeds', 'features'])
  t.true(
    close(
      beside!.data,
      embeds!.data.map((value) => 2 * value),
    ),
  )
  const other = await openImageTower(dir, { threads: 1, output: 'features' })
  t.teardown(() => other.release())
  t.is(other.tower.output, 'features')
  t.true(close(await other.encodeImages(noise(1, side), 1), await image.encodeImages(noise(1, side), 1)), 'of unit length')
  await throwsUserError(t, () => openImageTower(dir, { output: 'logits' }), { expected: /an output logits/, got: /features \[/ })
  const text = await openTextTower(await tinyFolder(t, { config: {}, files: { text_model: textTower('sentence_embedding') } }), { threads: 1 })
  t.teardown(() => text.release())
  t.is((await text.encodeTexts([short, long])).length, 2 * dim)
})

test('pictures of another size or shape than the model takes are refused before anything is computed', async (t) => {
  const wide = { ...split, 'onnx/vision_model': imageTower('image_embeds', ['b', 3, side, 2 * side]) }
  await refused(t, { files: wide }, { where: 'pixel_values', expected: 'a square', got: `${2 * side} × ${side}` })
  const fixed = { ...split, 'onnx/vision_model': imageTower('image_embeds', ['b', 3, side, side]) }
  const larger = { image_processor_type: 'CLIPImageProcessor', size: 8, crop_size: 8 }
  await refused(t, { preprocessor: larger, files: fixed }, { where: 'preprocessor_config.json', expected: `${side} px`, got: '8 px' })
  await refused(t, { preprocessor: larger, files: split }, { where: 'vision_model', expected: 'a picture of 8 × 8 px', hint: 'preprocessor' })
})

test('what Git LFS left behind is named', async (t) => {
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 351684672\n`
  const got = 'a Git LFS pointer to 351.7 MB'
  await refused(t, { files: { ...split, 'onnx/text_model': pointer } }, { where: 'text_model.onnx', got })
  const { model } = outside(imageTower(), 'vision_model.onnx_data')
  await refused(
    t,
    { files: { ...split, 'onnx/vision_model': model, 'onnx/vision_model.onnx_data': pointer } },
    { where: 'vision_model.onnx_data', got },
  )
  const dir = await tinyFolder(t, { files: split })
  await writeFile(join(dir, 'tokenizer.json'), pointer)
  await refused(t, dir, { where: 'tokenizer.json', got })
})

test('a folder of files by their bytes alone is its identity', async (t) => {
  const dir = await tinyFolder(t, { files: split })
  const { encoder } = await open(t, dir)
  const file = join(dir, 'onnx/vision_model.onnx')
  t.deepEqual(new Uint8Array(await readFile(file)), new Uint8Array(encodeModel(imageTower())))
  await rename(join(dir, 'preprocessor_config.json'), join(dir, 'x.json'))
  await writeFile(join(dir, 'processor_config.json'), `{"image_processor": ${await readFile(join(dir, 'x.json'), 'utf8')}}`)
  t.not((await open(t, dir)).encoder.id, encoder.id)
})
