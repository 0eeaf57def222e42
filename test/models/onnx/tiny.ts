import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { random } from '../../../base/random.ts'
import type { Graph, Node, TensorData } from '../../../engine/onnx/model.ts'
import { readModelBytes } from '../../../engine/onnx/model-bytes.ts'
import { encodeModel } from '../../../engine/onnx/proto.ts'
import { fieldsOf, lengthField } from '../../../engine/onnx/wire.ts'
import { trainTokenizer, writeTokenizer } from '../../../tokenizers/train.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

/** Towers of a few numbers, whose interfaces are those of real models. */
export const dim = 6
export const side = 4
const vocabulary = 300
/** Rows of the table of positions. */
export const rows = 20

const node = (op: string, inputs: string[], outputs: string[], attributes: Node['attributes'] = {}): Node => ({
  op,
  domain: '',
  inputs,
  outputs,
  attributes,
})

const ints = (...values: number[]): TensorData => ({ dtype: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) })

function noise(seed: number, ...dims: number[]): TensorData {
  const next = random(seed)
  return { dtype: 'float32', dims, data: Float32Array.from({ length: dims.reduce((a, b) => a * b) }, () => 2 * next() - 1) }
}

function graph(nodes: Node[], inputs: Graph['inputs'], output: string, initializers: Record<string, TensorData>): Graph {
  const outputs: Graph['outputs'] = [{ name: output, dtype: 'float32', dims: ['b', dim] }]
  return { name: 'tiny', nodes, inputs, outputs, initializers: new Map(Object.entries(initializers)), opsets: { '': 17 }, irVersion: 8 }
}

/** tanh(E[id] + P[position]); `both` takes the mean over all tokens, padding too, `first` the first token alone. */
export function textTower(output = 'text_embeds', looks: 'both' | 'first' = 'both'): Graph {
  const pooled =
    looks === 'both'
      ? node('ReduceMean', ['hidden'], [output], { axes: [1], keepdims: 0 })
      : node('Gather', ['hidden', 'zero'], [output], { axis: 1 })
  return graph(
    [
      node('Gather', ['words', 'input_ids'], ['embedded']),
      node('Shape', ['input_ids'], ['shape']),
      node('Slice', ['shape', 'one', 'two'], ['length']),
      node('Slice', ['position_embedding.weight', 'nought', 'length', 'nought'], ['places']),
      node('Add', ['embedded', 'places'], ['summed']),
      node('Tanh', ['summed'], ['hidden']),
      pooled,
    ],
    [{ name: 'input_ids', dtype: 'int64', dims: ['b', 's'] }],
    output,
    {
      words: noise(1, vocabulary, dim),
      'position_embedding.weight': noise(2, rows, dim),
      one: ints(1),
      two: ints(2),
      nought: ints(0),
      zero: { dtype: 'int64', dims: [], data: BigInt64Array.of(0n) },
    },
  )
}

/** pixels · W, of pictures of `side`. */
export function imageTower(output = 'image_embeds', dims: (number | string)[] = ['b', 3, 'h', 'w']): Graph {
  const [height, width] = [dims[2], dims[3]].map((size) => (typeof size === 'number' ? size : side)) as [number, number]
  return graph(
    [node('Flatten', ['pixel_values'], ['flat'], { axis: 1 }), node('MatMul', ['flat', 'visual.weight'], [output])],
    [{ name: 'pixel_values', dtype: 'float32', dims }],
    output,
    { 'visual.weight': noise(3, 3 * height * width, dim) },
  )
}

/** Both in one file, its nodes from the last to the first. */
export function combined(text: Graph, image: Graph): Graph {
  return {
    ...text,
    nodes: [...text.nodes, ...image.nodes].reverse(),
    inputs: [...text.inputs, ...image.inputs],
    outputs: [...text.outputs, ...image.outputs],
    initializers: new Map([...text.initializers, ...image.initializers]),
  }
}

/** The same model, its weights in a file of that name. */
export function outside(graph: Graph, location: string): { model: Uint8Array; weights: Uint8Array } {
  const text = (number: number, value: string) => lengthField(number, [Buffer.from(value)])
  const entry = (key: string, value: string | number) => lengthField(13, [...text(1, key), ...text(2, String(value))])
  const data: Uint8Array[] = []
  const weights = [...graph.initializers].map(([, tensor]) =>
    Buffer.from(tensor.data.buffer as ArrayBuffer, tensor.data.byteOffset, tensor.data.byteLength),
  )
  let offset = 0
  const whole = readModelBytes(encodeModel(graph), 'tiny')
  const moved = whole.weights.map(({ bytes }, i) => {
    const raw = weights[i]!
    const kept = [...fieldsOf(bytes)].filter(({ number }) => number !== 9).map((field) => field.whole)
    const fields = [...kept, ...entry('location', location), ...entry('offset', offset), ...entry('length', raw.length), Uint8Array.of(14 * 8, 1)]
    data.push(raw)
    offset += raw.length
    return Buffer.concat(fields)
  })
  const inner = [
    ...whole.operations.flatMap(({ bytes }) => lengthField(1, [bytes])),
    ...whole.graphRest.map(({ bytes }) => bytes),
    ...moved.flatMap((bytes) => lengthField(5, [bytes])),
    ...whole.inputs.flatMap(({ bytes }) => lengthField(11, [bytes])),
    ...whole.outputs.flatMap(({ bytes }) => lengthField(12, [bytes])),
  ]
  return { model: Buffer.concat([...whole.modelRest.map(({ bytes }) => bytes), ...lengthField(7, inner)]), weights: Buffer.concat(data) }
}

const square = { image_processor_type: 'CLIPImageProcessor', size: { shortest_edge: side }, crop_size: { height: side, width: side } }

export interface Folder {
  config?: object
  preprocessor?: object
  /** Graphs or bytes by their path, without or with an ending. */
  files: Record<string, Graph | Uint8Array | string>
  /** model_max_length; absent: the tokenizer does not say. */
  maxLength?: number
}

/** A model's folder with those files, and a tokenizer. */
export async function tinyFolder(
  t: ExecutionContext,
  { config = { model_type: 'clip' }, preprocessor = square, files, maxLength }: Folder,
): Promise<string> {
  const dir = join(await temporaryFolder(t), 'tiny')
  await mkdir(dir, { recursive: true })
  const trained = trainTokenizer(['a red apple', 'a dog and a cat', 'two dogs run over grass'], { vocabSize: 280, contextLength: maxLength ?? 77 })
  await writeTokenizer(dir, trained)
  if (maxLength === undefined) {
    const { model_max_length: _left, ...rest } = trained.tokenizerConfig as Record<string, unknown>
    await writeFile(join(dir, 'tokenizer_config.json'), JSON.stringify(rest))
  }
  await writeFile(join(dir, 'config.json'), JSON.stringify(config))
  await writeFile(join(dir, 'preprocessor_config.json'), JSON.stringify(preprocessor))
  for (const [name, file] of Object.entries(files)) {
    const path = join(dir, /\.\w+$/.test(name) ? name : `${name}.onnx`)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, typeof file === 'string' || file instanceof Uint8Array ? file : encodeModel(file))
  }
  return dir
}
