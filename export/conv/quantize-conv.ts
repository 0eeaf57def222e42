/** q8 of an image tower with convolutions: weights and activations as 8-bit integers, ranges of activations fixed beforehand (QDQ). */
import { UserError } from '../../base/errors.ts'
import { dtypeToOnnx } from '../../engine/onnx/dtypes.ts'
import type { Graph, Node } from '../../engine/onnx/model.ts'
import { prune } from '../../engine/onnx/passes.ts'
import { inBlocks } from '../head-storage.ts'
import { type DynamicOptions, levelsOf } from '../quantize.ts'
import { type Int8Matrix, quantizeInt8 } from '../quantize-codec.ts'
import { scaleOf } from '../quantize-static.ts'
import { type Rewrite, requireOpset, startRewrite } from '../quantize-weights.ts'
import type { Observed } from './calibrate-conv.ts'
import { correctedBias } from './corrected-bias.ts'
import { type ConvUse, carriedTensors, convUses, type DenseUse, denseUses } from './places.ts'
import { roundRows } from './round-rows.ts'

/** Numbers of a matrix from which on it is stored in four bits: the rows of a classifier, not a head of ours. */
const largeMatrix = 500_000

/**
 * Returns `graph` with QuantizeLinear and DequantizeLinear around its convolutions: activations uint8 in calibrated ranges, one scale a tensor; weights int8, one
 * scale an output channel; biases int32, corrected for what rounding the weights shifts (see correctedBias). Sums of such tensors are carried in eight bits too, so that
 * runtimes compute whole blocks in integers. A Clip or Relu stays, though the range of what follows implies it: runtimes drop it where they compute in integers, and where
 * they do not, they drop QuantizeLinear and DequantizeLinear, which then no longer cut anything off. The matrix of a MatMul or Gemm is stored as int8, with a scale an
 * output, a large one as int4 (see storedAs), and computed in float32: the few that follow the pooling cost no time but weigh as much as a block of convolutions, and
 * what they read (probabilities of classes) eight bits would not carry well.
 * @throws UserError below opset 13, and for a tensor without a range
 */
export function quantizeConv(graph: Graph, observed: Observed, options: DynamicOptions = {}): Graph {
  requireOpset(graph, 13)
  const kept = options.keepFp32 ?? []
  const levels = levelsOf(options)
  const isKept = ({ node }: { node: Node }) => kept.includes(node.inputs[1]!)
  const convs = new Map(convUses(graph).flatMap((use) => (isKept(use) ? [] : [[use.node, use]])))
  const dense = new Map(denseUses(graph).flatMap((use) => (isKept(use) ? [] : [[use.node, use]])))
  const nodes: Node[] = []
  const { emit, initializers } = startRewrite(graph, nodes)
  const carrier = carry(graph, carriedTensors(graph, kept), observed, emit)
  for (const node of graph.nodes) {
    // Between a DequantizeLinear and a QuantizeLinear, onnxruntime rounds weights in fp32 by itself, with one scale for all.
    const isFloat = node.op === 'Conv' && isKept({ node })
    const inputs = isFloat ? node.inputs : node.inputs.map((name, i) => carrier.read(name, node, i))
    const conv = convs.get(node)
    const matrix = dense.get(node)
    if (conv) {
      convolve({ conv, x: inputs[0]!, scale: carrier.scaleOf(node.inputs[0]!), levels, observed }, emit)
    } else if (matrix && matrix.matrix.data.length >= largeMatrix) {
      const stored = inBlocks(`${node.inputs[1]}_s4`, matrix.matrix.data as Float32Array, matrix.matrix.dims)
      for (const [name, tensor] of Object.entries(stored.initializers)) initializers.set(name, tensor)
      nodes.push(...stored.nodes, { ...node, inputs: inputs.with(1, `${node.inputs[1]}_s4`) })
    } else if (matrix) nodes.push({ ...node, inputs: inputs.with(1, storeMatrix(matrix, emit)) })
    else nodes.push({ ...node, inputs })
  }
  return prune({ ...graph, nodes, initializers })
}

/** Puts a QuantizeLinear behind every carried tensor, and a DequantizeLinear before each of its readers. */
function carry(graph: Graph, carried: Set<string>, { ranges }: Observed, emit: Rewrite) {
  const quantized = new Map<string, [string, string, string]>()
  const parametersOf = (name: string) => {
    const range = ranges.get(name)
    if (range) return scaleOf(range)
    const hint = 'Calibrate the same graph that is quantized.'
    throw new UserError({ where: `graph '${graph.name}'`, expected: `a calibrated range of ${name}`, got: 'none', hint })
  }
  const quantize = (name: string): [string, string, string] => {
    const { scale, zero } = parametersOf(name)
    const constants = [
      emit.constant(`${name}_scale`, () => ({ dtype: 'float32', dims: [], data: Float32Array.of(scale) })),
      emit.constant(`${name}_zero`, () => ({ dtype: 'uint8', dims: [], data: Uint8Array.of(zero) })),
    ] as const
    return [...(emit.node('QuantizeLinear', [name, ...constants], [`${name}_u8`]) as [string]), ...constants]
  }
  return {
    scaleOf: (name: string) => parametersOf(name).scale,
    read(name: string, { outputs }: Node, place: number): string {
      if (!carried.has(name)) return name
      const parts = quantized.get(name) ?? quantize(name)
      quantized.set(name, parts)
      return emit.node('DequantizeLinear', parts, [`${outputs[0]}_x${place || ''}`])[0]!
    },
  }
}

interface Convolution {
  conv: ConvUse
  x: string
  scale: number // of x
  levels: number
  observed: Observed
}

function convolve({ conv, x, scale, levels, observed }: Convolution, emit: Rewrite): void {
  const { node, weight } = conv
  const output = node.outputs[0]!
  const name = node.inputs[1]!
  const outputs = weight.dims[0]!
  const matrix = roundRows(weight.data as Float32Array, outputs, conv.group.inputs === 1 ? 127 : levels)
  const zeros = emit.constant(`zeros_int8_${outputs}`, () => ({ dtype: 'int8', dims: [outputs], data: new Int8Array(outputs) }))
  const scales = emit.constant(`${name}_s8_scale`, () => ({ dtype: 'float32', dims: [outputs], data: matrix.scales }))
  const values = emit.constant(`${name}_s8`, () => ({ dtype: 'int8', dims: weight.dims, data: matrix.values }))
  const [w] = emit.node('DequantizeLinear', [values, scales, zeros], [`${output}_w`], { axis: 0 }) as [string]
  const inputs = [x, w, addBias(conv, matrix, scale, observed, output, emit)]
  emit.result('Conv', inputs, output, node.attributes)
}

/** The bias in units of the products, as integers: scale of x times the channel's. */
function addBias(conv: ConvUse, matrix: Int8Matrix, scale: number, observed: Observed, output: string, emit: Rewrite): string {
  const bias = correctedBias(conv, matrix, observed.means.get(conv.node.inputs[0]!))
  const units = matrix.scales.map((one) => one * scale)
  const most = 2 ** 31 - 1
  const data = Int32Array.from(bias, (value, o) => Math.min(most, Math.max(-most, Math.round(value / units[o]!))))
  const parts = [
    emit.constant(`${output}_bias`, () => ({ dtype: 'int32', dims: [data.length], data })),
    emit.constant(`${output}_bias_scale`, () => ({ dtype: 'float32', dims: [data.length], data: units })),
  ]
  return emit.node('DequantizeLinear', parts, [`${output}_b`], { axis: 0 })[0]!
}

/** A matrix as int8 and its scales; runtimes multiply them once, when they load the model. */
function storeMatrix({ node, matrix, outputAxis }: DenseUse, emit: Rewrite): string {
  const name = node.inputs[1]!
  const [rows, columns] = matrix.dims as [number, number]
  const { values, scales } = quantizeInt8(matrix.data as Float32Array, rows, columns, outputAxis === 0 ? 'row' : 'column')
  const dims = outputAxis === 0 ? [rows, 1] : [1, columns]
  const stored = emit.constant(`${name}_s8`, () => ({ dtype: 'int8', dims: matrix.dims, data: values }))
  const factors = emit.constant(`${name}_s8_scale`, () => ({ dtype: 'float32', dims, data: scales }))
  const [floats] = emit.node('Cast', [stored], [`${name}_s8_float`], { to: dtypeToOnnx('float32') }) as [string]
  return emit.node('Mul', [floats, factors], [`${name}_float`])[0]!
}
