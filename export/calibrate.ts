import type { Graph, Node } from '../engine/onnx/model.ts'
import { encodeModel } from '../engine/onnx/proto.ts'
import { type NumberTensor, openSession, type RuntimeOptions } from '../engine/runtime.ts'
import type { Tokenizer } from '../tokenizers/load.ts'
import type { ExportGraphs } from './onnx.ts'
import { type Ranges, scaleOf } from './quantize-static.ts'
import { weightUse } from './quantize-weights.ts'

/** What activations are calibrated on: training images [N, 3, S, S] and training captions. */
export interface Calibration {
  pixels: Float32Array
  texts: string[]
}

/** Ranges by the name of the graph they belong to. */
export type GraphRanges = Record<string, Ranges>

/** How much of each end of a distribution may be cut off; the share with the least squared error is taken. */
const tails = [0, 1e-5, 1e-4, 1e-3]
const samplesPerRun = 512
const mostExamples = 256

/** Calibrates both towers, and the combined graph with them, whose tensors are theirs under a prefix. */
export async function calibrateGraphs(
  graphs: ExportGraphs,
  tokenizer: Tokenizer,
  { pixels, texts }: Calibration,
  options: RuntimeOptions = {},
): Promise<GraphRanges> {
  const size = graphs.vision.inputs[0]!.dims[2] as number
  const stride = 3 * size * size
  const images = Array.from({ length: Math.min(mostExamples, pixels.length / stride) }, (_, i) => ({
    pixel_values: { data: pixels.subarray(i * stride, (i + 1) * stride), dims: [1, 3, size, size] },
  }))
  const captions = texts.slice(0, mostExamples).map((text) => {
    const ids = tokenizer.encode(text)
    const dims = [1, ids.length]
    return { input_ids: { data: BigInt64Array.from(ids, BigInt), dims }, attention_mask: { data: new BigInt64Array(ids.length).fill(1n), dims } }
  })
  const vision = await calibrate(graphs.vision, images, options)
  const text = await calibrate(graphs.text, captions, options)
  const under = (prefix: string, ranges: Ranges) => [...ranges].map(([name, range]) => [`${prefix}/${name}`, range] as const)
  return {
    [graphs.vision.name]: vision,
    [graphs.text.name]: text,
    [graphs.combined.name]: new Map([...under('vision', vision), ...under('text', text)]),
  }
}

/**
 * Runs a graph on examples and returns the range that eight bits should cover of every tensor that is multiplied by a weight:
 * the whole of it, or a narrower one where that rounds with less squared error.
 */
export async function calibrate(graph: Graph, examples: Record<string, NumberTensor>[], options: RuntimeOptions = {}): Promise<Ranges> {
  const inputs = graph.nodes.flatMap((node) => {
    const use = weightUse(graph, node)
    return use?.kind === 'matmul' ? [use.input] : []
  })
  const names = [...new Set(inputs)]
  const session = await openSession(encodeModel(withOutputs(graph, names)), options)
  const samples = names.map((): number[] => [])
  try {
    for (const feeds of examples) {
      const results = await session.run(feeds)
      names.forEach((_, i) => addSamples(samples[i]!, results[`calibrated_${i}`]!.data as Float32Array))
    }
  } finally {
    await session.release()
  }
  return new Map(names.map((name, i) => [name, bestRange(Float32Array.from(samples[i]!).sort())]))
}

/** Shows the named tensors as outputs, flattened: an output must declare its rank, and theirs are not known here. */
export function withOutputs(graph: Graph, names: string[]): Graph {
  const flat = names.map(
    (name, i): Node => ({ op: 'Reshape', domain: '', inputs: [name, 'calibrated_shape'], outputs: [`calibrated_${i}`], attributes: {} }),
  )
  return {
    ...graph,
    nodes: [...graph.nodes, ...flat],
    initializers: new Map([...graph.initializers, ['calibrated_shape', { dtype: 'int64', dims: [1], data: BigInt64Array.of(-1n) }]]),
    outputs: names.map((_, i) => ({ name: `calibrated_${i}`, dtype: 'float32', dims: [`n${i}`] })),
  }
}

/** Some of the values, always with the least and the greatest. */
export function addSamples(samples: number[], values: Float32Array): void {
  let [least, greatest] = [Infinity, -Infinity]
  for (const value of values) {
    if (value < least) least = value
    if (value > greatest) greatest = value
  }
  samples.push(least, greatest)
  const step = Math.max(1, values.length / samplesPerRun)
  for (let i = 0; i < values.length; i += step) samples.push(values[Math.floor(i)]!)
}

export function bestRange(sorted: Float32Array): [number, number] {
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(share * (sorted.length - 1))))]!
  const candidates = tails.map((tail): [number, number] => [at(tail), at(1 - tail)])
  const errors = candidates.map((range) => roundingError(sorted, range))
  return candidates[errors.indexOf(Math.min(...errors))]!
}

function roundingError(values: Float32Array, range: [number, number]): number {
  const { scale, zero } = scaleOf(range)
  let lost = 0
  for (const value of values) {
    const q = Math.min(255, Math.max(0, Math.round(value / scale) + zero))
    lost += (value - (q - zero) * scale) ** 2
  }
  return lost
}
