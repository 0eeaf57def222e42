/** The fp16 format: half the bytes on disk, float32 arithmetic. */
import { dtypeToOnnx, float16ToFloat32, float32ToFloat16 } from '../engine/onnx/dtypes.ts'
import type { Graph, Node, TensorData } from '../engine/onnx/model.ts'
import { prune } from '../engine/onnx/passes.ts'
import { startRewrite, weightUse } from './quantize-weights.ts'

const SMALL = 64 // fewer elements than this save nothing worth a Cast
const WORST = 1e-3 // relative error; rounding alone gives about 2e-4

/**
 * Returns `graph` with its float32 weights stored as float16 and cast back to float32 where they are read: runtimes do
 * that once, when they load the model, so speed and memory are those of float32. Rows of a table are cast after they are
 * gathered. Inputs and outputs stay float32. Constants that float16 cannot hold well (masks of −1e9, tiny numbers) and
 * small ones stay as they are, and so do those named in `keepFp32`.
 */
export function toFloat16(graph: Graph, { keepFp32 = [] }: { keepFp32?: string[] } = {}): Graph {
  const halves = new Map<string, TensorData>()
  for (const [name, tensor] of graph.initializers) {
    const half = keepFp32.includes(name) ? undefined : halve(tensor)
    if (half) halves.set(name, half)
  }
  const outputs = new Set(graph.outputs.map((output) => output.name))
  const nodes: Node[] = []
  const { emit, initializers } = startRewrite(graph, nodes)
  const stored = (name: string): string => emit.constant(`${name}_fp16`, () => halves.get(name)!)
  const to = { to: dtypeToOnnx('float32') }
  const cast = new Set<string>()
  for (const node of graph.nodes) {
    const use = weightUse(graph, node)
    if (use?.kind === 'gather' && halves.has(use.name)) {
      const [rows] = emit.node('Gather', [stored(use.name), use.input], [`${use.output}_fp16`], node.attributes) as [string]
      emit.result('Cast', [rows], use.output, to)
      continue
    }
    for (const input of node.inputs) {
      if (!halves.has(input) || outputs.has(input) || cast.has(input)) continue
      // The Cast takes over the weight's name, so that its readers need no change.
      emit.result('Cast', [stored(input)], input, to)
      cast.add(input)
    }
    nodes.push(node)
  }
  for (const name of cast) initializers.delete(name)
  return prune({ ...graph, nodes, initializers })
}

/** Returns float16 bits of a tensor that is worth it and survives it, else undefined. */
function halve(tensor: TensorData): TensorData | undefined {
  if (tensor.dtype !== 'float32' || tensor.data.length < SMALL) return undefined
  const values = tensor.data as Float32Array
  const data = float32ToFloat16(values)
  const back = float16ToFloat32(data)
  let lost = 0
  let total = 0
  for (let i = 0; i < values.length; i++) {
    lost += (values[i]! - back[i]!) ** 2
    total += values[i]! ** 2
  }
  return lost <= total * WORST ** 2 ? { dtype: 'float16', dims: tensor.dims, data } : undefined // NaN compares false
}
