import type { Graph, Node } from '../engine/onnx/model.ts'
import { extract, prune } from '../engine/onnx/passes.ts'
import type { Params } from '../engine/params.ts'
import { bindParams } from '../models/towers.ts'
import { embeddingGraph, type HeadInputs } from '../training/bridge/embedding.ts'
import { imageHeadParams, textHeadParams } from '../training/bridge/heads.ts'
import { textEmbeddingGraph } from '../training/bridge/text-embedding.ts'
import type { HeadDtype } from './head-dtypes.ts'
import { storedAs } from './head-storage.ts'

/**
 * The image tower with its head: `pixel_values` → `image_embeds` [b, E] of unit length, and beside it what the head reads.
 * @param tower graph with the outputs that the head reads; other outputs, such as those of an earlier head, are dropped
 */
export function bridgedVision(tower: Graph, inputs: HeadInputs, params: Params, dtype: HeadDtype): Graph {
  const read = [...inputs.features, ...(inputs.logits ? [inputs.logits] : [])].map(({ name }) => name)
  const head = storedAs(bindParams(embeddingGraph(inputs, params), imageHeadParams(params)), dtype)
  return { ...behind(extract(tower, read), head), name: 'vision_model' }
}

/**
 * The text tower with its centre and head: `input_ids`, `attention_mask` → `text_embeds` [b, E] of unit length, and beside it what the tower gives.
 * @param output of the tower
 */
export function bridgedText(tower: Graph, output: string, centre: Float32Array, params: Params, dtype: HeadDtype): Graph {
  const ofHead = textHeadParams(params)
  const bound = bindParams(textEmbeddingGraph(output, centre.length, ofHead), {
    ...ofHead,
    'text.centre': { shape: [centre.length], data: centre },
  })
  return { ...behind(extract(tower, [output]), storedAs(bound, dtype)), name: 'text_model' }
}

/** One graph of a tower and of what reads its outputs; the head's outputs come first. */
function behind(tower: Graph, head: Graph): Graph {
  const outputs = new Set(tower.outputs.map(({ name }) => name))
  const own = new Set(head.outputs.map(({ name }) => name))
  const rename = (name: string) => (name === '' || outputs.has(name) || own.has(name) ? name : `head/${name}`)
  const nodes = head.nodes.map((node): Node => ({ ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) }))
  const initializers = new Map([...tower.initializers, ...[...head.initializers].map(([name, tensor]) => [rename(name), tensor] as const)])
  const batch = tower.inputs[0]!.dims[0]!
  const ofHead = head.outputs.map((output) => ({ ...output, dims: output.dims.map((dim) => (dim === 'batch_size' ? batch : dim)) }))
  return prune({ ...tower, nodes: [...tower.nodes, ...nodes], initializers, outputs: [...ofHead, ...tower.outputs] })
}
