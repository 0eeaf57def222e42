import { float32ToFloat16 } from '../engine/onnx/dtypes.ts'
import type { Graph, Node, TensorData } from '../engine/onnx/model.ts'
import { extract, prune } from '../engine/onnx/passes.ts'
import type { Params } from '../engine/params.ts'
import { tf } from '../engine/tf.ts'
import { trace } from '../engine/trace/trace.ts'
import { normalize } from '../models/layers.ts'
import { bindParams } from '../models/towers.ts'
import { embeddingGraph, type HeadInputs } from '../training/bridge/embedding.ts'
import type { HeadDtype } from './head-dtypes.ts'

/**
 * The image tower with its head: `pixel_values` → `image_embeds` [b, E] of unit length, and beside it what the head reads.
 * @param tower graph with the outputs that the head reads; other outputs, such as those of an earlier head, are dropped
 */
export function bridgedVision(tower: Graph, inputs: HeadInputs, params: Params, dtype: HeadDtype): Graph {
  const shown = [...inputs.features, ...(inputs.logits ? [inputs.logits] : [])].map(({ name }) => name)
  const head = storedAs(bindParams(embeddingGraph(inputs, params), params), dtype)
  return { ...behind(extract(tower, shown), head), name: 'vision_model' }
}

/**
 * The text tower with its centre: `input_ids`, `attention_mask` → `text_embeds` [b, E] = n(t − μ), and beside it t.
 * @param output of the tower
 */
export function bridgedText(tower: Graph, output: string, centre: Float32Array): Graph {
  const batch = 1_000_003
  const specs = {
    [output]: { dtype: 'float32' as const, shape: [batch, centre.length] },
    'text.centre': { dtype: 'float32' as const, shape: [centre.length] },
  }
  const head = trace((given) => ({ text_embeds: normalize(tf.sub(given[output]!, given['text.centre']!)) }), specs, {
    contrib: false,
    marks: { batch_size: batch },
  })
  const bound = bindParams(head, { 'text.centre': { shape: [centre.length], data: centre } })
  return { ...behind(extract(tower, [output]), bound), name: 'text_model' }
}

/** One graph of a tower and of what reads its outputs; the head's outputs come first. */
function behind(tower: Graph, head: Graph): Graph {
  const outputs = new Set(tower.outputs.map(({ name }) => name))
  const own = new Set(head.outputs.map(({ name }) => name))
  const rename = (name: string) => (name === '' || outputs.has(name) || own.has(name) ? name : `head/${name}`)
  const nodes = head.nodes.map((node): Node => ({ ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) }))
  const initializers = new Map([...tower.initializers, ...[...head.initializers].map(([name, tensor]) => [rename(name), tensor] as const)])
  const batch = tower.inputs[0]!.dims[0]!
  const shown = head.outputs.map((output) => ({ ...output, dims: output.dims.map((dim) => (dim === 'batch_size' ? batch : dim)) }))
  return prune({ ...tower, nodes: [...tower.nodes, ...nodes], initializers, outputs: [...shown, ...tower.outputs] })
}

/** Stores the matrices of a head: as fp16, or as int8 with one scale for each row, q = round(w/s), s = max|w|/127 over the row. */
function storedAs(graph: Graph, dtype: HeadDtype): Graph {
  if (dtype === 'fp32') return graph
  const nodes: Node[] = []
  const initializers = new Map<string, TensorData>()
  for (const [name, tensor] of graph.initializers) {
    if (tensor.dtype !== 'float32' || tensor.dims.length !== 2) {
      initializers.set(name, tensor)
      continue
    }
    const data = tensor.data as Float32Array
    const cast = (stored: string, output: string): Node => ({ op: 'Cast', domain: '', inputs: [stored], outputs: [output], attributes: { to: 1 } })
    if (dtype === 'fp16') {
      initializers.set(`${name}_fp16`, { dtype: 'float16', dims: tensor.dims, data: float32ToFloat16(data) })
      nodes.push(cast(`${name}_fp16`, name))
      continue
    }
    const { levels, scales } = quantizedRows(data, tensor.dims[1]!)
    initializers.set(`${name}_int8`, { dtype: 'int8', dims: tensor.dims, data: levels })
    initializers.set(`${name}_scale`, { dtype: 'float32', dims: [tensor.dims[0]!, 1], data: scales })
    nodes.push(cast(`${name}_int8`, `${name}_levels`), {
      op: 'Mul',
      domain: '',
      inputs: [`${name}_levels`, `${name}_scale`],
      outputs: [name],
      attributes: {},
    })
  }
  return { ...graph, nodes: [...nodes, ...graph.nodes], initializers }
}

/** Symmetric int8 by row. [rows, width] → levels [rows, width], scales [rows] */
function quantizedRows(data: Float32Array, width: number): { levels: Int8Array; scales: Float32Array } {
  const scales = new Float32Array(data.length / width)
  const levels = new Int8Array(data.length)
  for (let row = 0; row < scales.length; row++) {
    let most = 0
    for (let i = row * width; i < (row + 1) * width; i++) most = Math.max(most, Math.abs(data[i]!))
    scales[row] = most > 0 ? most / 127 : 1
    for (let i = row * width; i < (row + 1) * width; i++) levels[i] = Math.round(data[i]! / scales[row]!)
  }
  return { levels, scales }
}
