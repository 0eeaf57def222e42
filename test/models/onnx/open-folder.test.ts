import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { clipMean, clipStd } from '../../../corpora/pixel-values.ts'
import type { Graph } from '../../../engine/onnx/model.ts'
import { encodeModel } from '../../../engine/onnx/proto.ts'
import { exportGraphs } from '../../../export/onnx.ts'
import { openOnnxFolder, type TeacherOptions } from '../../../models/onnx/open-folder.ts'
import { loadTokenizer } from '../../../tokenizers/load.ts'
import { trainTokenizer, writeTokenizer } from '../../../tokenizers/train.ts'
import { captions, leastCosine, noise, type SmallModel, smallModel } from '../../export/small-model.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { type Expected, throwsUserError } from '../../user-error.ts'

const dim = 64
const size = 32

/** A folder with the given graphs as onnx/NAME.onnx, and the small model's tokenizer. */
async function folder(t: ExecutionContext, small: SmallModel, graphs: Record<string, Graph>): Promise<string> {
  const dir = join(await temporaryFolder(t), 'my-clip')
  await mkdir(join(dir, 'onnx'), { recursive: true })
  for (const [name, graph] of Object.entries(graphs)) await writeFile(join(dir, 'onnx', `${name}.onnx`), encodeModel(graph))
  for (const file of ['tokenizer.json', 'tokenizer_config.json']) await copyFile(join(small.tokenizerDir, file), join(dir, file))
  await writeFile(join(dir, 'config.json'), '{"model_type": "clip"}')
  return dir
}

async function open(t: ExecutionContext, dir: string, options: TeacherOptions = {}) {
  const teacher = await openOnnxFolder(dir, { threads: 1, ...options })
  t.teardown(() => teacher.release())
  return teacher
}

test('split towers, in DIR/onnx or DIR itself, embed as the model does', async (t) => {
  const small = await smallModel(t)
  const { vision, text } = exportGraphs(small.model)
  const dir = await folder(t, small, { vision_model: vision, text_model: text })
  const teacher = await open(t, dir)
  t.like(teacher, { embedDim: dim, imageSize: size, logitScale: 100 })
  t.regex(teacher.id, /^my-clip-[0-9a-f]{12}$/)
  const pixels = noise(3, size)
  t.true(leastCosine(await teacher.encodeImages(pixels, 3), await small.encoder.encodeImages(pixels, 3), dim) > 0.999999)
  t.true(leastCosine(await teacher.encodeTexts(captions), await small.encoder.encodeTexts(captions), dim) > 0.999999)
  for (const name of ['vision_model', 'text_model']) await rename(join(dir, 'onnx', `${name}.onnx`), join(dir, `${name}_fp16.onnx`))
  const moved = await open(t, dir, { logitScale: 20 })
  t.is(moved.logitScale, 20)
  t.deepEqual(await moved.encodeTexts(['sun']), await teacher.encodeTexts(['sun']))
  t.not(moved.id, teacher.id)
  await writeFile(join(dir, 'config.json'), '{"model_type": "clip", "text_config": {}}')
  t.not((await open(t, dir)).id, moved.id)
})

test('towers of two number formats are a model where no format has both', async (t) => {
  const small = await smallModel(t)
  const { vision, text } = exportGraphs(small.model)
  const dir = await folder(t, small, { vision_model: vision, text_model_uint8: text })
  const teacher = await open(t, dir)
  t.true(leastCosine(await teacher.encodeTexts(captions), await small.encoder.encodeTexts(captions), dim) > 0.999999)
  await throwsUserError(t, () => openOnnxFolder(dir, { dtype: 'uint8' }), { expected: /_uint8\.onnx/, got: /onnx/ })
})

test('a combined model is split and its logit scale measured', async (t) => {
  const small = await smallModel(t)
  const teacher = await open(t, await folder(t, small, { model: exportGraphs(small.model).combined }))
  const pixels = noise(2, size)
  t.true(leastCosine(await teacher.encodeImages(pixels, 2), await small.encoder.encodeImages(pixels, 2), dim) > 0.999999)
  t.true(leastCosine(await teacher.encodeTexts(captions), await small.encoder.encodeTexts(captions), dim) > 0.999999)
  t.true(Math.abs(teacher.logitScale / small.encoder.logitScale - 1) < 1e-3)
})

test('a model with other means, deviations and size of pixels sees what it is used to', async (t) => {
  const small = await smallModel(t)
  const { vision, text } = exportGraphs(small.model)
  const dir = await folder(t, small, { vision_model: vision, text_model: text })
  const [mean, std] = [
    [0.5, 0.4, 0.3],
    [0.5, 0.25, 0.2],
  ]
  await writeFile(
    join(dir, 'preprocessor_config.json'),
    JSON.stringify({ size: 40, crop_size: { height: size, width: size }, image_mean: mean, image_std: std }),
  )
  const pixels = noise(2, size)
  const theirs = pixels.map((value, i) => {
    const c = Math.floor(i / size ** 2) % 3
    return (value * clipStd[c]! + clipMean[c]! - mean[c]!) / std[c]!
  })
  const teacher = await open(t, dir)
  t.true(leastCosine(await teacher.encodeImages(pixels, 2), await small.encoder.encodeImages(theirs, 2), dim) > 0.999999)
})

test('a tokenizer that lets texts be longer than the model has positions is refused before the first of them', async (t) => {
  const small = await smallModel(t)
  const { vision, text } = exportGraphs(small.model)
  const dir = await folder(t, small, { vision_model: vision, text_model: text })
  const file = join(dir, 'tokenizer_config.json')
  const config = JSON.parse(await readFile(file, 'utf8')) as object
  await writeFile(file, JSON.stringify({ ...config, model_max_length: 40 }))
  const expected = { where: /tokenizer_config\.json/, got: /40, where its table of positions has 16 rows/ }
  await throwsUserError(t, () => openOnnxFolder(dir, { threads: 1 }), expected)
})

test('null is a word that the processor of a model does not say', async (t) => {
  const small = await smallModel(t)
  const { vision, text } = exportGraphs(small.model)
  const dir = await folder(t, small, { vision_model: vision, text_model: text })
  const silent = { crop_size: null, do_center_crop: null, do_rescale: null, rescale_factor: null, image_mean: null, image_std: null }
  await writeFile(join(dir, 'preprocessor_config.json'), JSON.stringify({ size: { shortest_edge: size }, ...silent }))
  const pixels = noise(2, size)
  const teacher = await open(t, dir)
  t.is(teacher.imageSize, size)
  t.true(leastCosine(await teacher.encodeImages(pixels, 2), await small.encoder.encodeImages(pixels, 2), dim) > 0.999999)
})

test('one image or text at a time, where the export allows no more', async (t) => {
  const small = await smallModel(t)
  const graphs = exportGraphs(small.model)
  const fixed = (graph: Graph): Graph => ({ ...graph, inputs: graph.inputs.map((input) => ({ ...input, dims: [1, ...input.dims.slice(1)] })) })
  const inOne = await open(t, await folder(t, small, { model: fixed(graphs.combined) }))
  t.true(Math.abs(inOne.logitScale / small.encoder.logitScale - 1) < 1e-3)
  const three = (graph: Graph): Graph => ({ ...graph, inputs: graph.inputs.map((input) => ({ ...input, dims: [3, ...input.dims.slice(1)] })) })
  const expected = { where: /input pixel_values/, expected: /shape \[1,3,32,32\]/, got: /^\[3,/ }
  await throwsUserError(
    t,
    async () => openOnnxFolder(await folder(t, small, { vision_model: three(graphs.vision), text_model: graphs.text })),
    expected,
  )
  const teacher = await open(t, await folder(t, small, { vision_model: fixed(graphs.vision), text_model: fixed(graphs.text) }))
  const pixels = noise(2, size)
  t.true(leastCosine(await teacher.encodeImages(pixels, 2), await small.encoder.encodeImages(pixels, 2), dim) > 0.999999)
  t.true(leastCosine(await teacher.encodeTexts(captions), await small.encoder.encodeTexts(captions), dim) > 0.999999)
})

test('bad folders are refused with what was found and what to do', async (t) => {
  const small = await smallModel(t)
  const { vision, text } = exportGraphs(small.model)
  const fails = (dir: string, expected: Expected, options = {}) => throwsUserError(t, () => openOnnxFolder(dir, options), expected)
  const dir = await folder(t, small, { visual: vision, text_model: text })
  await fails(join(dir, 'none'), { where: /none/, got: /nothing there/ })
  await fails(join(dir, 'tokenizer.json'), { got: /a file/ })
  await fails(dir, { expected: /onnx\/vision_model and onnx\/text_model, or onnx\/model/, got: /onnx\/text_model.onnx, onnx\/visual.onnx/ })
  await fails(dir, { expected: /ending _quantized.onnx/ }, { dtype: 'q8' })
  await rename(join(dir, 'onnx/visual.onnx'), join(dir, 'onnx/vision_model.onnx'))

  await writeFile(join(dir, 'config.json'), '{"vision_config": ')
  await fails(dir, { where: /config.json/, expected: /JSON/ })
  await writeFile(join(dir, 'config.json'), '{"vision_config": {"image_size": "big"}}')
  await fails(dir, { where: /config.json: vision_config.image_size/, expected: /a configuration/ })
  await rm(join(dir, 'config.json'))
  await fails(dir, { expected: /preprocessor_config.json or processor_config.json/, got: /neither, and a model of type unknown/ })
  await writeFile(join(dir, 'config.json'), '{"model_type": "clip"}')

  const bytes = await readFile(join(dir, 'onnx/vision_model.onnx'))
  await writeFile(join(dir, 'onnx/vision_model.onnx'), bytes.subarray(0, 1000))
  await fails(dir, { where: /vision_model.onnx/, expected: /an ONNX model/ })
  await writeFile(join(dir, 'onnx/vision_model.onnx'), bytes)
  await rm(join(dir, 'tokenizer.json'))
  await fails(dir, { where: /tokenizer.json/, got: /no such file/ })
})

test('tensors of unexpected shape are refused', async (t) => {
  const small = await smallModel(t)
  const { vision, text, combined } = exportGraphs(small.model)
  const fails = (graphs: Record<string, Graph>, expected: Expected) =>
    throwsUserError(t, async () => openOnnxFolder(await folder(t, small, graphs)), expected)
  // The tokens instead of the pooled embedding.
  const hidden = vision.nodes.find(({ op }) => op === 'LayerNormalization')!.outputs[0]!
  const unpooled: Graph = { ...vision, outputs: [{ name: hidden, dtype: 'float32', dims: ['b', 'n', 'd'] }] }
  await fails({ vision_model: unpooled, text_model: text }, { expected: /an output image_embeds \[batch, dim\]/, got: /t\d+ \[/ })
  const project = text.nodes.find(({ inputs }) => inputs[1] === 'text_projection.weight_T')!.inputs[0]!
  const unprojected: Graph = { ...text, outputs: [{ name: project, dtype: 'float32', dims: ['b', 'd'] }] }
  await fails({ vision_model: vision, text_model: unprojected }, { expected: /embeddings of one length/, got: /image 64 \(image_embeds\), text 128/ })
  const named = (name: string) => (name === 'attention_mask' ? 'position_ids' : name)
  const asking: Graph = {
    ...text,
    nodes: text.nodes.map((node) => ({ ...node, inputs: node.inputs.map(named) })),
    inputs: text.inputs.map((input) => ({ ...input, name: named(input.name) })),
  }
  await fails({ vision_model: vision, text_model: asking }, { got: /input position_ids/ })
  const renamed: Graph = { ...combined, outputs: combined.outputs.filter(({ name }) => name !== 'text_embeds') }
  await fails({ model: renamed }, { expected: /an output text_embeds \[batch, dim\]/, got: /logits_per_image \[.*image_embeds/ })
  const teacher = await open(t, await folder(t, small, { vision_model: vision, text_model: text }))
  await throwsUserError(t, () => teacher.encodeImages(noise(1, 64), 1), { expected: /pixels \[1, 3, 32, 32\]/, got: /12288 numbers/ })
})

test('features that are not finite are refused', async (t) => {
  const small = await smallModel(t)
  const { vision, text } = exportGraphs(small.model)
  const teacher = await open(t, await folder(t, small, { vision_model: vision, text_model: text }))
  const pixels = noise(2, size)
  pixels[3 * size * size] = NaN
  await throwsUserError(t, () => teacher.encodeImages(pixels, 2), { where: /image_embeds/, got: /NaN or infinity in row 1/ })
  small.model.params['text_projection.weight']!.data[5] = NaN
  const broken = exportGraphs(small.model).text
  await throwsUserError(t, async () => openOnnxFolder(await folder(t, small, { vision_model: vision, text_model: broken })), {
    where: /text_model.onnx, output text_embeds/,
    expected: /finite features/,
  })
})

test('a tokenizer of another model, with more ids than this one has, is refused', async (t) => {
  const small = await smallModel(t)
  const { vision, text } = exportGraphs(small.model)
  const dir = await folder(t, small, { vision_model: vision, text_model: text })
  const own = small.tokenizer.vocabSize
  await writeTokenizer(
    dir,
    trainTokenizer([...captions, 'another language has other words: ärztin, été, 狗脸, 雪山'], { vocabSize: own + 20, contextLength: 16 }),
  )
  const { vocabSize } = await loadTokenizer(dir)
  t.true(vocabSize > own)
  const expected = { where: /tokenizer\.json$/, expected: new RegExp(`^at most ${own} ids, as .*text_model\\.onnx has`), got: `${vocabSize}` }
  await throwsUserError(t, () => openOnnxFolder(dir, { threads: 1 }), expected)
})
