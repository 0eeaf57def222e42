import { dtypeToOnnx } from '../engine/onnx/dtypes.ts'
import type { Graph, Node, ValueInfo } from '../engine/onnx/model.ts'
import { foldTransposes, mergeConstants, prune } from '../engine/onnx/passes.ts'
import type { DualEncoder } from '../models/dual-encoder.ts'
import { boundedLogarithm } from '../models/temperature.ts'
import { type ActivationOutput, bindParams, traceTower } from '../models/towers.ts'
import { closeTexts } from './close-texts.ts'
import { foldReshapes } from './fold.ts'

/** The graphs behind an export's files. */
export interface ExportGraphs {
  vision: Graph
  text: Graph
  /** Both towers and their similarities, for pipelines that want one file. */
  combined: Graph
}

/**
 * Returns a model as ONNX graphs of standard ops only (opset 17, IR 8): `pixel_values` [b, 3, S, S] → `image_embeds`
 * [b, E]; `input_ids`, `attention_mask` int64 [b, s] → `text_embeds` [b, E], both of unit length; and both together with
 * `logits_per_image` [i, t] = s·image·textᵀ and its transpose `logits_per_text`, where s is the model's logit scale.
 * @param options.eosId the token that ends texts, so that texts which a library cut off end with it too
 * @param options.vision an image tower that is kept, in the place of one traced from parameters
 * @param options.outputs activations of the last layer that the towers shall show, for those who distil them; never in the combined graph
 */
export function exportGraphs(
  model: DualEncoder,
  { eosId, outputs = [], vision }: { eosId?: number | null; outputs?: readonly ActivationOutput[]; vision?: Graph } = {},
): ExportGraphs {
  const towers = (outputs: readonly ActivationOutput[]) => {
    const words = withInt64Inputs(towerGraph('text', model, outputs))
    const text = eosId == null ? words : closeTexts(words, model.config.text_config.max_position_embeddings, eosId)
    return { vision: vision ?? towerGraph('image', model, outputs), text }
  }
  const plain = towers([])
  return {
    ...(outputs.length > 0 ? towers(outputs) : plain),
    combined: combine(plain.vision, plain.text, Math.exp(boundedLogarithm(model.params.logit_scale!.data[0]!))),
  }
}

function towerGraph(tower: 'image' | 'text', { config, params }: DualEncoder, outputs: readonly ActivationOutput[]): Graph {
  const bound = bindParams(traceTower(tower, config, { cpuOnly: false, outputs }), params)
  return prune(mergeConstants(foldTransposes(foldReshapes(bound)), isParameter))
}

/** Parameters have Hugging Face's names, under which readExportWeights looks for them, equal ones too; constants of a trace have none. */
function isParameter(name: string): boolean {
  return name.includes('.')
}

/** Tokenizers everywhere hand over int64; the graph computes with int32. */
function withInt64Inputs(graph: Graph): Graph {
  const casts: Node[] = []
  const renamed = new Map<string, string>()
  const inputs = graph.inputs.map((input): ValueInfo => {
    if (input.dtype !== 'int32') return input
    const name = `${input.name}_int32`
    renamed.set(input.name, name)
    casts.push({ op: 'Cast', domain: '', inputs: [input.name], outputs: [name], attributes: { to: dtypeToOnnx('int32') } })
    return { ...input, dtype: 'int64' }
  })
  return { ...graph, inputs, nodes: [...casts, ...graph.nodes.map((node) => rename(node, renamed))] }
}

function combine(vision: Graph, text: Graph, scale: number): Graph {
  const [image, words] = [prefixed(vision, 'vision', 'image_batch_size'), prefixed(text, 'text', 'text_batch_size')]
  const initializers = new Map([...image.initializers, ...words.initializers])
  initializers.set('logit_scale', { dtype: 'float32', dims: [], data: Float32Array.of(scale) })
  const node = (op: string, inputs: string[], output: string): Node => ({
    op,
    domain: '',
    inputs,
    outputs: [output],
    attributes: op === 'Transpose' ? { perm: [1, 0] } : {},
  })
  const nodes = [
    ...image.nodes,
    ...words.nodes,
    node('Transpose', ['text_embeds'], 'text_embeds_T'),
    node('MatMul', ['image_embeds', 'text_embeds_T'], 'similarity'),
    node('Mul', ['similarity', 'logit_scale'], 'logits_per_image'),
    node('Transpose', ['logits_per_image'], 'logits_per_text'),
  ]
  const logits = (name: string, dims: string[]): ValueInfo => ({ name, dtype: 'float32', dims })
  const outputs = [
    logits('logits_per_image', ['image_batch_size', 'text_batch_size']),
    logits('logits_per_text', ['text_batch_size', 'image_batch_size']),
    ...words.outputs,
    ...image.outputs,
  ]
  return { ...image, name: 'model', nodes, initializers, inputs: [...words.inputs, ...image.inputs], outputs }
}

/** Gives what a tower computes, and constants without a name of their own, names that the other tower does not have. */
function prefixed(graph: Graph, prefix: string, batch: string): Graph {
  const kept = new Set([...graph.inputs, ...graph.outputs].map(({ name }) => name))
  const names = [...graph.initializers.keys(), ...graph.nodes.flatMap(({ outputs }) => outputs)]
  const renamed = new Map(names.flatMap((name) => (kept.has(name) || isParameter(name) ? [] : [[name, `${prefix}/${name}`]])))
  const value = (info: ValueInfo): ValueInfo => ({ ...info, dims: info.dims.map((dim) => (dim === 'batch_size' ? batch : dim)) })
  return {
    ...graph,
    nodes: graph.nodes.map((node) => rename(node, renamed)),
    initializers: new Map([...graph.initializers].map(([name, tensor]) => [renamed.get(name) ?? name, tensor])),
    inputs: graph.inputs.map(value),
    outputs: graph.outputs.map(value),
  }
}

function rename(node: Node, renamed: Map<string, string>): Node {
  const change = (name: string) => renamed.get(name) ?? name
  return { ...node, inputs: node.inputs.map(change), outputs: node.outputs.map(change) }
}
