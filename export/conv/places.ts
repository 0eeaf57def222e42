import type { Graph, Node, TensorData } from '../../engine/onnx/model.ts'

/** A Conv whose weights are constants, and what its readers see of it. */
export interface ConvUse {
  node: Node
  /** [O, I / groups, …kernel]. */
  weight: TensorData
  bias?: Float32Array // [O]
  /** Input channels of a group, and outputs of one. */
  group: { inputs: number; outputs: number }
  /** What its readers read: after the Clip or Relu that alone reads it, if there is one. */
  result: string
}

/** A MatMul or Gemm by a constant matrix. */
export interface DenseUse {
  node: Node
  matrix: TensorData
  input: string
  /** The axis of the matrix along which outputs lie. */
  outputAxis: 0 | 1
}

/** Whether a graph is one of convolutions: it is then quantized with calibrated activations (QDQ). */
export function holdsConv({ nodes }: Graph): boolean {
  return nodes.some(({ op, domain }) => op === 'Conv' && domain === '')
}

/** The convolutions by constant weights, in graph order. */
export function convUses(graph: Graph): ConvUse[] {
  const readers = readersOf(graph)
  const outputs = new Set(graph.outputs.map(({ name }) => name))
  return graph.nodes.flatMap((node) => {
    const [weight, bias] = [constant(graph, node.inputs[1]), constant(graph, node.inputs[2])]
    if (node.op !== 'Conv' || node.domain !== '' || !weight || (node.inputs[2] && !bias)) return []
    const groups = (node.attributes.group as number | undefined) ?? 1
    const output = node.outputs[0]!
    const [only, ...others] = readers.get(output) ?? []
    const activation = only && others.length === 0 && !outputs.has(output) && ['Clip', 'Relu'].includes(only.op) ? only : undefined
    const group = { inputs: weight.dims[1]!, outputs: weight.dims[0]! / groups }
    return [{ node, weight, bias: bias?.data as Float32Array | undefined, group, result: activation?.outputs[0] ?? output }]
  })
}

/**
 * The weights of the first three convolutions, which q8 leaves in fp32: a picture passes through them before it has many channels, so that they are small, and rounding
 * them costs more than rounding all the others (docs/export.md).
 */
export function stemWeights(graph: Graph): string[] {
  return convUses(graph)
    .slice(0, 3)
    .map(({ node }) => node.inputs[1]!)
}

/** The products with constant matrices, in graph order. */
export function denseUses(graph: Graph): DenseUse[] {
  return graph.nodes.flatMap((node): DenseUse[] => {
    const matrix = constant(graph, node.inputs[1])
    const isGemm = node.op === 'Gemm' && !node.attributes.transA
    if (node.domain !== '' || !(node.op === 'MatMul' || isGemm) || matrix?.dims.length !== 2) return []
    return [{ node, matrix, input: node.inputs[0]!, outputAxis: isGemm && node.attributes.transB ? 0 : 1 }]
  })
}

/**
 * The tensors that eight bits carry: what convolutions read and give, and the sums of such.
 * @param keepFp32 weights whose convolutions stay as they are
 */
export function carriedTensors(graph: Graph, keepFp32: readonly string[] = []): Set<string> {
  const uses = convUses(graph).filter(({ node }) => !keepFp32.includes(node.inputs[1]!))
  const carried = new Set(uses.flatMap(({ node, result }) => [node.inputs[0]!, result]))
  for (const node of graph.nodes) if (isSum(node, carried)) carried.add(node.outputs[0]!)
  return carried
}

/** An Add of two tensors that eight bits carry. */
function isSum({ op, inputs }: Node, carried: Set<string>): boolean {
  return op === 'Add' && inputs.every((name) => carried.has(name))
}

function readersOf({ nodes }: Graph): Map<string, Node[]> {
  const readers = new Map<string, Node[]>()
  for (const node of nodes) for (const name of node.inputs) readers.set(name, [...(readers.get(name) ?? []), node])
  return readers
}

function constant({ initializers }: Graph, name = ''): TensorData | undefined {
  const tensor = initializers.get(name)
  return tensor?.dtype === 'float32' ? tensor : undefined
}
