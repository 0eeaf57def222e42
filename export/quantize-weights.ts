/** Which weights of a graph can be stored in fewer bits, and how a rewrite puts the replacements in place. */

import { UserError } from '../base/errors.ts'
import type { Attribute, Graph, Node, TensorData } from '../engine/onnx/model.ts'
import { prune } from '../engine/onnx/passes.ts'

/** A float32 matrix that a node reads: `x · W[in, out]` of a MatMul, or rows of the table `W[V, D]` of a Gather. */
export interface WeightUse {
  kind: 'matmul' | 'gather'
  name: string
  data: Float32Array
  rows: number
  columns: number
  input: string // the other operand: activations, or row numbers
  output: string
}

/** Returns what `node` reads as a weight, or undefined where it is none that can be quantized. */
export function weightUse(graph: Graph, node: Node): WeightUse | undefined {
  const kind = node.domain !== '' ? undefined : node.op === 'MatMul' ? 'matmul' : node.op === 'Gather' ? 'gather' : undefined
  if (kind === undefined || (node.attributes.axis ?? 0) !== 0) return undefined
  const name = node.inputs[kind === 'matmul' ? 1 : 0]!
  const input = node.inputs[kind === 'matmul' ? 0 : 1]!
  const tensor = graph.initializers.get(name)
  if (tensor?.dtype !== 'float32' || tensor.dims.length !== 2 || graph.initializers.has(input)) return undefined
  return { kind, name, data: tensor.data as Float32Array, rows: tensor.dims[0]!, columns: tensor.dims[1]!, input, output: node.outputs[0]! }
}

interface QuantizableWeight {
  name: string
  kind: 'matmul' | 'gather' | 'conv'
  parameters: number
}

/**
 * Returns the weights that `quantizeDynamic`, `quantizeInt4` and `quantizeConv` would rewrite, each once, in graph order: the names that
 * `keepFp32` understands, and what a sensitivity study goes through.
 */
export function quantizableWeights(graph: Graph): QuantizableWeight[] {
  const found = new Map<string, QuantizableWeight>()
  for (const node of graph.nodes) {
    const use = weightUse(graph, node)
    if (use && !found.has(use.name)) found.set(use.name, { name: use.name, kind: use.kind, parameters: use.data.length })
    const kernel = node.op === 'Conv' && node.domain === '' ? graph.initializers.get(node.inputs[1]!) : undefined
    if (kernel?.dtype === 'float32') found.set(node.inputs[1]!, { name: node.inputs[1]!, kind: 'conv', parameters: kernel.data.length })
  }
  return [...found.values()]
}

/** A rewrite under way: new nodes and initializers under names that are free. */
export interface Rewrite {
  /** Adds an initializer once; asked again for the same name, returns that name without making it again. */
  constant: (name: string, make: () => TensorData) => string
  /** Adds a node with one or more outputs called after `outputs` and returns their names. */
  node: (op: string, inputs: string[], outputs: string[], attributes?: Record<string, Attribute>, domain?: string) => string[]
  /** Like `node`, for one output whose name must be exactly `output`. */
  result: (op: string, inputs: string[], output: string, attributes?: Record<string, Attribute>, domain?: string) => void
}

/**
 * Returns `graph` with nodes replaced: `replace` emits the replacement of a weight's node and returns true, or returns
 * false to leave it. Initializers that nothing reads any more are dropped.
 * @throws UserError for a weight that holds NaN or infinity: rounding would hide it
 */
export function rewriteWeights(graph: Graph, keepFp32: string[], replace: (use: WeightUse, rewrite: Rewrite) => boolean): Graph {
  const kept = new Set(keepFp32)
  const nodes: Node[] = []
  const rewrite = startRewrite(graph, nodes)
  for (const node of graph.nodes) {
    const use = weightUse(graph, node)
    if (use && !kept.has(use.name)) requireFinite(use)
    if (!use || kept.has(use.name) || !replace(use, rewrite.emit)) nodes.push(node)
  }
  return prune({ ...graph, nodes, initializers: rewrite.initializers })
}

/** Starts a rewrite that adds its nodes to `nodes`. */
export function startRewrite(graph: Graph, nodes: Node[]): { emit: Rewrite; initializers: Map<string, TensorData> } {
  const initializers = new Map(graph.initializers)
  const computed = graph.nodes.flatMap((node) => node.outputs)
  const taken = new Set([...initializers.keys(), ...graph.inputs.map((input) => input.name), ...computed])
  const constants = new Map<string, string>()
  const free = (name: string): string => {
    let unused = name
    for (let i = 2; taken.has(unused); i++) unused = `${name}_${i}`
    taken.add(unused)
    return unused
  }
  const emit: Rewrite = {
    constant: (wanted, make) => {
      let name = constants.get(wanted)
      if (name === undefined) {
        name = free(wanted)
        constants.set(wanted, name)
        initializers.set(name, make())
      }
      return name
    },
    node: (op, inputs, outputs, attributes = {}, domain = '') => {
      const names = outputs.map(free)
      nodes.push({ op, domain, inputs, outputs: names, attributes })
      return names
    },
    result: (op, inputs, output, attributes = {}, domain = '') => {
      nodes.push({ op, domain, inputs, outputs: [output], attributes })
    },
  }
  return { emit, initializers }
}

function requireFinite({ name, data }: WeightUse): void {
  const bad = data.findIndex((value) => !Number.isFinite(value))
  if (bad < 0) return
  throw new UserError({
    where: `weight '${name}'`,
    expected: 'finite numbers',
    got: `${data[bad]} at element ${bad}`,
    hint: 'The training run diverged or the file is damaged: export an earlier checkpoint.',
  })
}

/** @throws UserError where the graph's opset has not yet the ops that quantization writes */
export function requireOpset(graph: Graph, least: number): void {
  const opset = graph.opsets[''] ?? 0
  if (opset >= least) return
  throw new UserError({
    where: `graph '${graph.name}'`,
    expected: `ONNX opset ${least} or later`,
    got: `opset ${opset}`,
    hint: 'Export the model again with a newer opset, 17 for example.',
  })
}
