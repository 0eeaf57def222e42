/** A small place for a bridge: two towers that never met, pictures with captions, a classifier and its class names. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import sharp from 'sharp'
import type { Graph, Node, TensorData } from '../../engine/onnx/model.ts'
import { encodeModel } from '../../engine/onnx/proto.ts'
import { encodeSafetensors } from '../../engine/safetensors.ts'
import { gaussian } from '../engine/oracle.ts'
import { temporaryFolder } from '../temporary-folder.ts'

export const side = 8
export const widths = { features: 6, middle: 4, logits: 3, text: 10 }
const letters = [...'abcdefghijklmnopqrstuvwxyz']

const node = (op: string, inputs: string[], output: string, attributes: Node['attributes'] = {}): Node => ({
  op,
  domain: '',
  inputs,
  outputs: [output],
  attributes,
})
const noise = (seed: number, ...dims: number[]): TensorData => ({
  dtype: 'float32',
  dims,
  data: gaussian(
    dims.reduce((a, b) => a * b),
    seed,
  ),
})
const matrix = (name: string, width: number): Graph['outputs'][number] => ({ name, dtype: 'float32', dims: ['batch', width] })
const classRows = gaussian(widths.logits * widths.features, 5)

function imageTower(): Graph {
  const transposed = Float32Array.from(
    { length: classRows.length },
    (_, i) => classRows[(i % widths.logits) * widths.features + Math.floor(i / widths.logits)]!,
  )
  return {
    name: 'sees',
    nodes: [
      node('Flatten', ['pixel_values'], 'flat', { axis: 1 }),
      node('MatMul', ['flat', 'first'], 'sums'),
      node('Relu', ['sums'], 'features'),
      node('MatMul', ['flat', 'second'], 'middle'),
      node('MatMul', ['features', 'rows'], 'logits'),
    ],
    inputs: [{ name: 'pixel_values', dtype: 'float32', dims: ['batch', 3, side, side] }],
    outputs: [matrix('features', widths.features), matrix('middle', widths.middle), matrix('logits', widths.logits)],
    initializers: new Map([
      ['first', noise(1, 3 * side * side, widths.features)],
      ['second', noise(2, 3 * side * side, widths.middle)],
      ['rows', { dtype: 'float32', dims: [widths.features, widths.logits], data: transposed }],
    ]),
    opsets: { '': 17 },
    irVersion: 8,
  }
}

/** The sum of a vector for each letter. */
function textTower(): Graph {
  const table = noise(3, letters.length + 5, widths.text)
  ;(table.data as Float32Array).fill(0, 0, 5 * widths.text)
  return {
    name: 'reads',
    nodes: [
      node('Gather', ['letters', 'input_ids'], 'vectors'),
      { op: 'ReduceSum', domain: '', inputs: ['vectors', 'axis'], outputs: ['features'], attributes: { keepdims: 0 } },
    ],
    inputs: [{ name: 'input_ids', dtype: 'int64', dims: ['batch', 'length'] }],
    outputs: [matrix('features', widths.text)],
    initializers: new Map<string, TensorData>([
      ['letters', table],
      ['axis', { dtype: 'int64', dims: [1], data: BigInt64Array.of(1n) }],
    ]),
    opsets: { '': 17 },
    irVersion: 8,
  }
}

const tokenizer = {
  version: '1.0',
  added_tokens: ['<unk>', '<s>', '</s>', '<pad>'].map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: null,
  pre_tokenizer: { type: 'Metaspace', replacement: '▁', add_prefix_space: true, prepend_scheme: 'always' },
  post_processor: null,
  decoder: { type: 'Metaspace', replacement: '▁', add_prefix_space: true, prepend_scheme: 'always' },
  model: {
    type: 'Unigram',
    unk_id: 0,
    vocab: [...['<unk>', '<s>', '</s>', '<pad>'].map((piece) => [piece, 0]), ['▁', -1], ...letters.map((letter) => [letter, -2])],
  },
}

/** Captions of concept k: de has the letters of en in another order, fr has others, ru characters that the tokenizer does not know. */
function captionsOf(k: number): Record<string, string> {
  const word = (seed: number) => Array.from({ length: 5 }, (_, i) => letters[(k * 7 + i * i * seed + seed) % letters.length]!)
  const en = word(3)
  return { en: en.join(''), de: en.toReversed().join(''), fr: word(11 + 2 * k).join(''), ru: `жук${'абвгдежз'[k]}` }
}

export async function bridgePlace(t: ExecutionContext) {
  return await makeBridgePlace(await temporaryFolder(t))
}

/** Fills an empty folder. */
export async function makeBridgePlace(dir: string) {
  const [image, text] = [join(dir, 'image'), join(dir, 'text')]
  for (const folder of [image, text]) await mkdir(join(folder, 'onnx'), { recursive: true })
  await writeFile(join(image, 'onnx', 'vision_model.onnx'), encodeModel(imageTower()))
  await writeFile(join(text, 'onnx', 'text_model.onnx'), encodeModel(textTower()))
  const preprocessor = {
    image_processor_type: 'CLIPImageProcessor',
    size: { shortest_edge: side },
    crop_size: { height: side, width: side },
    image_mean: [0.5, 0.5, 0.5],
    image_std: [0.5, 0.5, 0.5],
  }
  await writeFile(join(image, 'preprocessor_config.json'), JSON.stringify(preprocessor))
  const rows = {
    weight: { shape: [widths.logits, widths.features], data: classRows },
    photo_mean: { shape: [widths.features], data: new Float32Array(widths.features).fill(2) },
  }
  await writeFile(join(image, 'classifier.safetensors'), encodeSafetensors(rows))
  await writeFile(join(text, 'tokenizer.json'), JSON.stringify(tokenizer))
  await writeFile(
    join(text, 'tokenizer_config.json'),
    JSON.stringify({ tokenizer_class: 'PreTrainedTokenizerFast', unk_token: '<unk>', pad_token: '<pad>', model_max_length: 32 }),
  )
  await writeFile(join(dir, 'classes.tsv'), 'index\tsynset\ten\tde\n0\tn1\tsun|star\tsonne\n1\tn2\tsea\t\n2\tn3\t\t\n')
  const lines = ['image,en,de,fr,ru,split,class']
  for (let k = 0; k < 8; k++) {
    for (let i = 0; i < 4; i++) {
      const background = { r: (k * 97 + i * 9) % 256, g: (k * 53 + i * 5) % 256, b: (k * 151 + i * 3) % 256 }
      const name = `${k}-${i}.png`
      await sharp({ create: { width: side, height: side, channels: 3, background } })
        .png()
        .toFile(join(dir, name))
      const { en, de, fr, ru } = captionsOf(k)
      lines.push([name, en, de, fr, ru, i < 3 ? 'train' : 'val', `c${k}`].join())
    }
  }
  await writeFile(join(dir, 'pairs.csv'), lines.join('\n'))
  return { dir, image, text, corpus: join(dir, 'pairs.csv'), prototypes: join(dir, 'classes.tsv') }
}
