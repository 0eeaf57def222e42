/** Runs graphs in the onnxruntime of this package and in the old one under @xenova/transformers; small graph builders. */
import '../../../engine/telemetry-off.ts'
import { createRequire } from 'node:module'
import type * as Ort from 'onnxruntime-node'
import { normal, random } from '../../../base/random.ts'
import type { Attribute, Graph, Node, TensorData } from '../../../engine/onnx/model.ts'
import { encodeModel } from '../../../engine/onnx/proto.ts'

const require = createRequire(import.meta.url)
export const versions = ['1.30', '1.14'] as const
type Version = (typeof versions)[number]

export function load(version: Version): typeof Ort {
  return require(version === '1.30' ? 'onnxruntime-node' : '../../../node_modules/@xenova/transformers/node_modules/onnxruntime-node')
}

export async function runBytes(bytes: Uint8Array, feeds: Record<string, TensorData>, version: Version = '1.30'): Promise<Record<string, TensorData>> {
  const ort = load(version)
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 })
  const inputs = Object.entries(feeds).map(([name, { dtype, data, dims }]) => [name, new ort.Tensor(dtype as 'float32', data as Float32Array, dims)])
  const outputs = await session.run(Object.fromEntries(inputs))
  const results = Object.entries(outputs).map(([name, { type, data, dims }]) => [name, { dtype: type, data, dims: [...dims] }])
  return Object.fromEntries(results)
}

export function run(graph: Graph, feeds: Record<string, TensorData>, version: Version = '1.30'): Promise<Record<string, TensorData>> {
  return runBytes(encodeModel(graph), feeds, version)
}

export function node(op: string, inputs: string[], outputs: string[], attributes: Record<string, Attribute> = {}, domain = ''): Node {
  return { op, domain, inputs, outputs, attributes }
}

export function floats(dims: number[], values: Iterable<number>): TensorData {
  return { dtype: 'float32', dims, data: Float32Array.from(values) }
}

export function ints(dims: number[], values: number[]): TensorData {
  return { dtype: 'int64', dims, data: BigInt64Array.from(values, BigInt) }
}

export function gaussian(dims: number[], seed: number, scale = 1): TensorData {
  const next = random(seed)
  return floats(
    dims,
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => scale * normal(next)),
  )
}

export function graphOf(parts: Partial<Graph> & Pick<Graph, 'nodes' | 'inputs' | 'outputs'>): Graph {
  return { name: 'test', initializers: new Map(), opsets: { '': 17 }, irVersion: 8, ...parts }
}

export function bytesIn(graph: Graph): number {
  return encodeModel(graph).length
}
