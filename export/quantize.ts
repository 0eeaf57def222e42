/** The q8 format: weights as signed 8-bit integers, activations quantized while the model runs. */
import { dtypeToOnnx } from '../engine/onnx/dtypes.ts'
import type { Graph } from '../engine/onnx/model.ts'
import { type Granularity, type Int8Matrix, quantizeInt8 } from './quantize-codec.ts'
import { type Rewrite, requireOpset, rewriteWeights, type WeightUse } from './quantize-weights.ts'

export interface DynamicOptions {
  /**
   * Seven-bit MatMul weights (−64 … 64), the default. x86 processors without VNNI add pairs of products in 16 bits and saturate with eight (−127 … 127): the
   * same file would be worth less there than where it was measured. `false` is for devices that are known.
   */
  reduceRange?: boolean
  /** Names of weights (see `quantizableWeights`) that stay as they are; names the graph does not have are ignored. */
  keepFp32?: string[]
}

/**
 * Returns `graph` with int8 weights. A MatMul by a weight becomes DynamicQuantizeLinear of its input (once per input,
 * however many MatMuls read it), MatMulInteger with one scale per output column, Cast and Mul; a Gather from a table becomes a
 * Gather of int8 rows, scaled after it: only rows that are read are ever widened. Runs wherever opset 13 does; runtimes
 * fuse the four nodes into one.
 * @throws UserError below opset 13
 */
export function quantizeDynamic(graph: Graph, options: DynamicOptions = {}): Graph {
  requireOpset(graph, 13)
  const levels = levelsOf(options)
  const inputs = new Map<string, string[]>()
  return rewriteWeights(graph, options.keepFp32 ?? [], (use, rewrite) => {
    if (use.kind === 'gather') quantizeTable(use, rewrite)
    else quantizeMatMul(use, rewrite, levels, inputs)
    return true
  })
}

/** How far from 0 the weights of a MatMul go. */
export function levelsOf({ reduceRange = true }: DynamicOptions): number {
  return reduceRange ? 64 : 127
}

function quantizeMatMul(use: WeightUse, rewrite: Rewrite, levels: number, inputs: Map<string, string[]>): void {
  const { name, rows, columns, input, output } = use
  let quantized = inputs.get(input)
  if (!quantized) {
    quantized = rewrite.node('DynamicQuantizeLinear', [input], [`${input}_q8`, `${input}_q8_scale`, `${input}_q8_zero`])
    inputs.set(input, quantized)
  }
  const [values, scale, zero] = quantized as [string, string, string]
  const matrix = lazily(() => quantizeInt8(use.data, rows, columns, 'column', levels))
  const weight = rewrite.constant(`${name}_q8`, () => ({ dtype: 'int8', dims: [rows, columns], data: matrix().values }))
  const scales = rewrite.constant(`${name}_scale`, () => ({ dtype: 'float32', dims: [columns], data: matrix().scales }))
  // The operand order of the two Mul nodes is the one that runtimes look for when they fuse.
  const [sums] = rewrite.node('MatMulInteger', [values, weight, zero, zeroPoint(rewrite)], [`${output}_int32`]) as [string]
  const [floats] = rewrite.node('Cast', [sums], [`${output}_float`], { to: dtypeToOnnx('float32') }) as [string]
  const [product] = rewrite.node('Mul', [scale, scales], [`${output}_scale`]) as [string]
  rewrite.result('Mul', [floats, product], output)
}

/** Rewrites a Gather from a table to int8 rows, with the coarsest scales that are about as good as the finest. */
export function quantizeTable(use: WeightUse, rewrite: Rewrite): void {
  const { name, rows, columns, input, output } = use
  const chosen = lazily(() => chooseGranularity(use))
  const table = rewrite.constant(`${name}_rows_q8`, () => ({ dtype: 'int8', dims: [rows, columns], data: chosen().matrix.values }))
  const { by, matrix } = chosen()
  const dims = { tensor: [], row: [rows, 1], column: [columns] }[by]
  const scales = rewrite.constant(`${name}_rows_scale`, () => ({ dtype: 'float32', dims, data: matrix.scales }))
  const [picked] = rewrite.node('Gather', [table, input], [`${output}_q8`], { axis: 0 }) as [string]
  if (by !== 'row') {
    // A per-column scale needs a zero point of its own length or none at all; none means 0.
    const zero = by === 'tensor' ? [zeroPoint(rewrite)] : []
    rewrite.result('DequantizeLinear', [picked, scales, ...zero], output, by === 'tensor' ? {} : { axis: -1 })
    return
  }
  // DequantizeLinear wants a fixed scale along an axis; a row's scale travels with its number instead.
  const [floats] = rewrite.node('Cast', [picked], [`${output}_float`], { to: dtypeToOnnx('float32') }) as [string]
  const [rowScales] = rewrite.node('Gather', [scales, input], [`${output}_scale`], { axis: 0 }) as [string]
  rewrite.result('Mul', [floats, rowScales], output)
}

/** Row scales cost four bytes a row and two more nodes: they must earn that with a tenth less error. */
function chooseGranularity({ data, rows, columns }: WeightUse): { by: Granularity; matrix: Int8Matrix } {
  const candidates = (['tensor', 'column', 'row'] as const).map((by) => ({ by, matrix: quantizeInt8(data, rows, columns, by) }))
  const least = Math.min(...candidates.map(({ matrix }) => matrix.error))
  return candidates.find(({ matrix }) => matrix.error <= least * 1.1)!
}

function zeroPoint(rewrite: Rewrite): string {
  return rewrite.constant('zero_int8', () => ({ dtype: 'int8', dims: [], data: new Int8Array(1) }))
}

/** Makes a value at its first use and keeps it for the others. */
function lazily<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => (made ??= { value: make() }).value
}
