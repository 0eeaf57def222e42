import test from 'ava'
import type { Graph, TensorData } from '../../engine/onnx/model.ts'
import { exportGraphs } from '../../export/onnx.ts'
import { floats, ints, run, versions } from '../engine/onnx/run.ts'
import { captions, leastCosine, noise, smallModel } from './small-model.ts'

const dim = 64
const size = 32

test('the exported graphs use standard ops of opset 17 only, and have the usual names and types', async (t) => {
  const { model } = await smallModel(t)
  const graphs = exportGraphs(model)
  for (const graph of Object.values(graphs) as Graph[]) {
    t.deepEqual(graph.opsets, { '': 17 })
    t.is(graph.irVersion, 8)
    t.true(graph.nodes.every(({ domain }) => domain === ''))
    t.false(graph.nodes.some(({ op }) => op === 'Conv' || op === 'Gelu'))
  }
  const signature = ({ inputs, outputs }: Graph) => [...inputs, ...outputs].map(({ name, dtype, dims }) => `${name} ${dtype} [${dims}]`)
  t.deepEqual(signature(graphs.vision), ['pixel_values float32 [batch_size,3,32,32]', 'image_embeds float32 [batch_size,64]'])
  t.deepEqual(signature(graphs.text), [
    'input_ids int64 [batch_size,sequence_length]',
    'attention_mask int64 [batch_size,sequence_length]',
    'text_embeds float32 [batch_size,64]',
  ])
  t.deepEqual(signature(graphs.combined), [
    'input_ids int64 [text_batch_size,sequence_length]',
    'attention_mask int64 [text_batch_size,sequence_length]',
    'pixel_values float32 [image_batch_size,3,32,32]',
    'logits_per_image float32 [image_batch_size,text_batch_size]',
    'logits_per_text float32 [text_batch_size,image_batch_size]',
    'text_embeds float32 [text_batch_size,64]',
    'image_embeds float32 [image_batch_size,64]',
  ])
})

test('every weight matrix is a constant that can be quantized', async (t) => {
  const { model } = await smallModel(t)
  const { vision, text } = exportGraphs(model)
  for (const graph of [vision, text]) {
    const constant = new Set(graph.initializers.keys())
    const computed = graph.nodes.filter(({ op, inputs }) => (op === 'Transpose' || op === 'Reshape') && constant.has(inputs[0]!))
    t.deepEqual(
      computed.flatMap(({ inputs }) => inputs[0]!).filter((name) => name.includes('weight')),
      [],
    )
  }
})

for (const version of versions) {
  test(`towers and combined graph give the model's embeddings at any batch size and length (onnxruntime ${version})`, async (t) => {
    const { model, encoder, tokenizer } = await smallModel(t)
    const { vision, text, combined } = exportGraphs(model)
    const scale = Math.exp(model.params.logit_scale!.data[0]!)
    for (const [count, length] of [
      [1, 4],
      [3, 9],
      [7, 16],
    ] as const) {
      const pixels = noise(count, size, count)
      const texts = captions.slice(0, count + 1)
      const { inputIds, attentionMask } = tokenizer.encodeBatch(texts, length)
      const expectedImages = await encoder.encodeImages(pixels, count)
      const cut = texts.map((line) => tokenizer.encode(line).length <= length)
      const expectedTexts = await encoder.encodeTexts(texts)
      const pixelValues = floats([count, 3, size, size], pixels)
      const words = { input_ids: ints([count + 1, length], [...inputIds]), attention_mask: ints([count + 1, length], [...attentionMask]) }
      const { image_embeds } = await run(vision, { pixel_values: pixelValues }, version)
      const { text_embeds } = await run(text, words, version)
      t.true(leastCosine(image_embeds!.data as Float32Array, expectedImages, dim) > 0.999999)
      cut.forEach((whole, row) => {
        const part = (data: TensorData['data']) => (data as Float32Array).subarray(row * dim, (row + 1) * dim)
        if (whole) t.true(leastCosine(part(text_embeds!.data), part(expectedTexts), dim) > 0.999999)
      })
      const both = await run(combined, { pixel_values: pixelValues, ...words }, version)
      t.deepEqual(both.image_embeds!.data, image_embeds!.data)
      t.deepEqual(both.text_embeds!.data, text_embeds!.data)
      t.deepEqual(both.logits_per_image!.dims, [count, count + 1])
      const [image, caption] = [count - 1, count]
      let cosine = 0
      for (let i = 0; i < dim; i++) cosine += Number(image_embeds!.data[image * dim + i]) * Number(text_embeds!.data[caption * dim + i])
      t.true(Math.abs(Number(both.logits_per_image!.data[image * (count + 1) + caption]) - scale * cosine) < 1e-3)
      t.is(both.logits_per_text!.data[caption * count + image], both.logits_per_image!.data[image * (count + 1) + caption])
    }
  })
}
