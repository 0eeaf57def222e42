import { elementCount } from '../engine/onnx/dtypes.ts'
import type { Graph, Node } from '../engine/onnx/model.ts'
import { prune } from '../engine/onnx/passes.ts'

/**
 * Replaces a Reshape of an initializer to a constant shape by an initializer of that shape, which takes the original's
 * name once nothing else reads the original. The patch embedding becomes a matrix that way, and can be quantized.
 */
export function foldReshapes(graph: Graph): Graph {
  const readers = new Map<string, number>()
  for (const name of graph.nodes.flatMap(({ inputs }) => inputs)) readers.set(name, (readers.get(name) ?? 0) + 1)
  const outputs = new Set(graph.outputs.map(({ name }) => name))
  const initializers = new Map(graph.initializers)
  const renamed = new Map<string, string>()
  const nodes: Node[] = []
  for (const old of graph.nodes) {
    const node = { ...old, inputs: old.inputs.map((name) => renamed.get(name) ?? name) }
    const [source, target] = node.inputs
    const tensor = initializers.get(source ?? '')
    const shape = initializers.get(target ?? '')
    const made = node.outputs[0]!
    if (node.op !== 'Reshape' || node.domain !== '' || !tensor || !shape || outputs.has(made)) {
      nodes.push(node)
      continue
    }
    const dims = shapeOf(tensor.dims, Array.from(shape.data, Number))
    const name = readers.get(source!) === 1 ? source! : `${source}_${dims.join('x')}`
    initializers.set(name, { ...tensor, dims })
    renamed.set(made, name)
  }
  return prune({ ...graph, nodes, initializers })
}

/** Reshape's target with 0 (as before) and −1 (whatever is left) worked out. */
function shapeOf(from: number[], target: number[]): number[] {
  const dims = target.map((dim, i) => (dim === 0 ? from[i]! : dim))
  const known = elementCount(dims.filter((dim) => dim !== -1))
  return dims.map((dim) => (dim === -1 ? elementCount(from) / known : dim))
}
