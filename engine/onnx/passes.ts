/** Rewrites that make a graph smaller without changing what it computes. Each returns a new graph; tensors are shared. */
import { createHash } from 'node:crypto'
import { UserError } from '../../base/errors.ts'
import { bytesOf } from './dtypes.ts'
import type { Graph, Node, TensorData } from './model.ts'
import { permute } from './permute.ts'

/** Ops whose outputs from this index on are optional and cost time or memory when they are asked for. */
const firstOptionalOutput: Record<string, number> = {
  BatchNormalization: 1,
  Dropout: 1,
  LayerNormalization: 1,
  MaxPool: 1,
  SimplifiedLayerNormalization: 1,
}

/**
 * Drops the nodes and initializers that no graph output depends on. Graph inputs all stay: they are its signature.
 * Trailing optional outputs that nothing reads are dropped from the nodes that stay.
 */
export function prune(graph: Graph): Graph {
  const used = new Set(graph.outputs.map((output) => output.name))
  const nodes: Node[] = []
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((output) => used.has(output))) continue
    for (const input of node.inputs) if (input !== '') used.add(input)
    nodes.push(dropOptionalOutputs(node, used))
  }
  const initializers = new Map([...graph.initializers].filter(([name]) => used.has(name)))
  return { ...graph, nodes: nodes.reverse(), initializers }
}

/**
 * Returns the part of `graph` that computes `outputs`, in that order, with only the inputs it needs: one tower of a
 * combined model, for example.
 * @throws UserError for a name that is not an output of the graph
 */
export function extract(graph: Graph, outputs: string[]): Graph {
  const byName = new Map(graph.outputs.map((output) => [output.name, output]))
  const kept = outputs.map((name) => {
    const output = byName.get(name)
    if (output) return output
    throw new UserError({
      where: `graph '${graph.name}'`,
      expected: `an output named '${name}'`,
      got: `outputs ${[...byName.keys()].join(', ')}`,
      hint: 'Name one of the outputs the model has.',
    })
  })
  const part = prune({ ...graph, outputs: kept })
  const used = new Set([...part.nodes.flatMap((node) => node.inputs), ...outputs])
  return { ...part, inputs: part.inputs.filter((input) => used.has(input.name)) }
}

/** Lets initializers of the same type, shape and bytes share one entry: the first. Those that are graph outputs stay, and those that `keep` says. */
export function mergeConstants(graph: Graph, keep: (name: string) => boolean = () => false): Graph {
  const outputs = new Set(graph.outputs.map((output) => output.name))
  const initializers = new Map<string, TensorData>()
  const firstOf = new Map<string, string>()
  const renamed = new Map<string, string>()
  const alike = countShapes(graph)
  for (const [name, tensor] of graph.initializers) {
    const type = shapeKey(tensor)
    // A tensor alone of its shape needs no digest: weights are large and mostly come in few shapes.
    const key = alike.get(type) === 1 ? type : `${type} ${createHash('sha256').update(bytesOf(tensor)).digest('hex')}`
    const first = firstOf.get(key)
    if (first !== undefined && !outputs.has(name) && !keep(name)) {
      renamed.set(name, first)
      continue
    }
    if (first === undefined) firstOf.set(key, name)
    initializers.set(name, tensor)
  }
  return { ...graph, nodes: graph.nodes.map((node) => renameInputs(node, renamed)), initializers }
}

/**
 * Replaces a Transpose of an initializer by a transposed initializer, named after the original with `_T` (or `_T021` for
 * a permutation that is not a plain reversal). Originals that nothing else reads are dropped.
 */
export function foldTransposes(graph: Graph): Graph {
  const outputs = new Set(graph.outputs.map((output) => output.name))
  const computed = graph.nodes.flatMap((node) => node.outputs)
  const taken = new Set([...graph.initializers.keys(), ...graph.inputs.map((input) => input.name), ...computed])
  const initializers = new Map(graph.initializers)
  const renamed = new Map<string, string>()
  const folded = new Map<string, string>() // original and permutation → new name
  const originals = new Set<string>()
  const nodes: Node[] = []
  for (const old of graph.nodes) {
    const node = renameInputs(old, renamed)
    const source = node.inputs[0] ?? ''
    const tensor = initializers.get(source)
    const made = node.outputs[0]!
    if (node.op !== 'Transpose' || node.domain !== '' || !tensor || outputs.has(made)) {
      nodes.push(node)
      continue
    }
    const reversed = tensor.dims.map((_, axis) => tensor.dims.length - 1 - axis)
    const perm = (node.attributes.perm as number[] | undefined) ?? reversed
    const suffix = perm.every((axis, i) => axis === reversed[i]) ? '_T' : `_T${perm.join('')}`
    const key = `${source} ${perm.join(' ')}`
    let name = folded.get(key)
    if (name === undefined) {
      name = `${source}${suffix}`
      while (taken.has(name)) name += '_'
      taken.add(name)
      folded.set(key, name)
      initializers.set(name, permute(tensor, perm))
    }
    originals.add(source)
    renamed.set(made, name)
  }
  const used = new Set([...outputs, ...nodes.flatMap((node) => node.inputs)])
  for (const name of originals) if (!used.has(name)) initializers.delete(name)
  return { ...graph, nodes, initializers }
}

function dropOptionalOutputs(node: Node, used: Set<string>): Node {
  const first = node.domain === '' ? firstOptionalOutput[node.op] : undefined
  if (first === undefined) return node
  let length = node.outputs.length
  while (length > first && !used.has(node.outputs[length - 1]!)) length--
  return length === node.outputs.length ? node : { ...node, outputs: node.outputs.slice(0, length) }
}

function renameInputs(node: Node, renamed: Map<string, string>): Node {
  if (!node.inputs.some((input) => renamed.has(input))) return node
  return { ...node, inputs: node.inputs.map((input) => renamed.get(input) ?? input) }
}

function shapeKey(tensor: TensorData): string {
  return `${tensor.dtype}[${tensor.dims}]`
}

function countShapes(graph: Graph): Map<string, number> {
  const counts = new Map<string, number>()
  for (const tensor of graph.initializers.values()) counts.set(shapeKey(tensor), (counts.get(shapeKey(tensor)) ?? 0) + 1)
  return counts
}
