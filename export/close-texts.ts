import type { Graph, Node } from '../engine/onnx/model.ts'

/**
 * Makes a text graph put the end token at the last place of its context, whatever the tokenizer left there. Texts that are too
 * long end so in training, but transformers.js cuts the end token off. Shorter texts have padding there, or nothing.
 * @param context how many tokens the model takes
 */
export function closeTexts(graph: Graph, context: number, eosId: number): Graph {
  const positions = graph.nodes.find(({ op }) => op === 'CumSum')?.outputs[0] // [1, T] = 0, 1, 2 … as float32
  const lookUp = graph.nodes.find(({ op, inputs }) => op === 'Gather' && inputs[0]!.includes('token_embedding'))
  if (positions === undefined || !lookUp) throw new Error(`export: graph '${graph.name}' has no positions or no token table`)
  const ids = lookUp.inputs[1]!
  const initializers = new Map(graph.initializers)
  initializers.set('last_place', { dtype: 'float32', dims: [], data: Float32Array.of(context - 1) })
  initializers.set('end_token', { dtype: 'int32', dims: [], data: Int32Array.of(eosId) })
  const node = (op: string, inputs: string[], output: string): Node => ({ op, domain: '', inputs, outputs: [output], attributes: {} })
  const nodes = graph.nodes.flatMap((old) => {
    if (old !== lookUp) return [old]
    const closed = { ...old, inputs: [old.inputs[0]!, 'closed_ids'] }
    return [node('Equal', [positions, 'last_place'], 'is_last_place'), node('Where', ['is_last_place', 'end_token', ids], 'closed_ids'), closed]
  })
  return { ...graph, nodes, initializers }
}
