/** Graphs as text, for people and for golden tests. */
import { elementCount, float16ToFloat32 } from './dtypes.ts'
import type { Attribute, Graph, Node, TensorData, ValueInfo } from './model.ts'

const SHOWN = 8 // tensors up to this many elements are printed with their values

/**
 * Returns `graph` as text, one line a value: a header, the inputs, the initializers, the nodes in order, the outputs.
 *
 *     graph mlp (ir 8, ai.onnx 17)
 *       input x: float32[batch, 3]
 *       init w: float32[3, 256]
 *       init half: float32[] = 0.5
 *       %y = MatMul(x, w)
 *       %z = LayerNormalization(y, g, b) {axis=-1, epsilon=1e-5f}
 *       output z: float32[batch, 256]
 *
 * Names the graph itself computes carry `%` where they are made; an optional input or output left out prints as `_`.
 */
export function printGraph(graph: Graph): string {
  const opsets = Object.entries(graph.opsets).map(([domain, version]) => `${domain || 'ai.onnx'} ${version}`)
  const lines = [`graph ${graph.name} (${[`ir ${graph.irVersion}`, ...opsets].join(', ')})`]
  for (const input of graph.inputs) lines.push(`  input ${printValue(input)}`)
  for (const [name, tensor] of graph.initializers) lines.push(`  init ${name}: ${printTensor(tensor)}`)
  for (const node of graph.nodes) lines.push(`  ${printNode(node)}`)
  for (const output of graph.outputs) lines.push(`  output ${printValue(output)}`)
  return `${lines.join('\n')}\n`
}

function printNode({ op, domain, inputs, outputs, attributes }: Node): string {
  const made = outputs.map((name) => (name === '' ? '_' : `%${name}`)).join(', ')
  const used = inputs.map((name) => name || '_').join(', ')
  const settings = Object.entries(attributes).map(([name, value]) => `${name}=${printAttribute(value)}`)
  const call = `${domain === '' ? '' : `${domain}:`}${op}(${used})`
  return `${made} = ${call}${settings.length > 0 ? ` {${settings.join(', ')}}` : ''}`
}

function printValue({ name, dtype, dims }: ValueInfo): string {
  return `${name}: ${dtype}[${dims.map((dim) => (dim === '' ? '?' : dim)).join(', ')}]`
}

function printAttribute(value: Attribute): string {
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.join(', ')}]`
  if ('float' in value) return `${short(value.float)}f`
  if ('floats' in value) return `[${value.floats.map((item) => `${short(item)}f`).join(', ')}]`
  return printTensor(value)
}

function printTensor(tensor: TensorData): string {
  const type = `${tensor.dtype}[${tensor.dims.join(', ')}]`
  if (elementCount(tensor.dims) > SHOWN) return type
  const numbers = tensor.dtype === 'float16' ? float16ToFloat32(tensor.data as Uint16Array) : tensor.data
  const items = Array.from<number | bigint, string>(numbers, (item) => (typeof item === 'bigint' ? String(item) : short(item)))
  return `${type} = ${tensor.dims.length === 0 ? items[0] : `[${items.join(', ')}]`}`
}

/** Seven significant digits tell float32 numbers apart well enough, and hide their binary tails. */
function short(value: number): string {
  return Object.is(value, -0) ? '-0' : String(Number(value.toPrecision(7)))
}
