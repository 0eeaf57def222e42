/** The int8 format: weights and activations as 8-bit integers, ranges of activations fixed beforehand (QDQ). */
import { UserError } from '../base/errors.ts'
import type { Graph } from '../engine/onnx/model.ts'
import { type DynamicOptions, levelsOf, quantizeTable } from './quantize.ts'
import { quantizeInt8 } from './quantize-codec.ts'
import { type Rewrite, requireOpset, rewriteWeights, type WeightUse } from './quantize-weights.ts'

/** Least and greatest value of activations, by the name of the tensor. */
export type Ranges = Map<string, [number, number]>

/**
 * Returns `graph` with int8 weights and activations in fixed ranges: x → QuantizeLinear → DequantizeLinear → MatMul, whose weight
 * is int8 with a scale per column and a DequantizeLinear of its own. Runtimes fuse that into integer products, and need not look for
 * the range of every input as q8 does. Tables are stored as in q8.
 * @param ranges of every MatMul input, from `calibrate`
 * @throws UserError below opset 13, and for an input without a range
 */
export function quantizeStatic(graph: Graph, ranges: Ranges, options: DynamicOptions = {}): Graph {
  requireOpset(graph, 13)
  const quantized = new Map<string, [string, string, string]>()
  return rewriteWeights(graph, options.keepFp32 ?? [], (use, rewrite) => {
    if (use.kind === 'gather') quantizeTable(use, rewrite)
    else {
      const parts = quantized.get(use.input) ?? quantizeInput(graph, use.input, ranges, rewrite)
      quantized.set(use.input, parts)
      multiply(use, parts, rewrite, levelsOf(options))
    }
    return true
  })
}

function quantizeInput(graph: Graph, input: string, ranges: Ranges, rewrite: Rewrite): [string, string, string] {
  const range = ranges.get(input)
  if (!range) {
    throw new UserError({
      where: `graph '${graph.name}'`,
      expected: `a calibrated range of ${input}`,
      got: 'none',
      hint: 'Calibrate the same graph that is quantized.',
    })
  }
  const { scale, zero } = scaleOf(range)
  const names = [
    rewrite.constant(`${input}_s8_scale`, () => ({ dtype: 'float32', dims: [], data: Float32Array.of(scale) })),
    rewrite.constant(`${input}_s8_zero`, () => ({ dtype: 'uint8', dims: [], data: Uint8Array.of(zero) })),
  ] as const
  const [values] = rewrite.node('QuantizeLinear', [input, ...names], [`${input}_s8`]) as [string]
  return [values, ...names]
}

function multiply(use: WeightUse, input: [string, string, string], rewrite: Rewrite, levels: number): void {
  const { name, data, rows, columns, output } = use
  const matrix = quantizeInt8(data, rows, columns, 'column', levels)
  const weight = [
    rewrite.constant(`${name}_s8`, () => ({ dtype: 'int8', dims: [rows, columns], data: matrix.values })),
    rewrite.constant(`${name}_s8_scale`, () => ({ dtype: 'float32', dims: [columns], data: matrix.scales })),
    rewrite.constant(`zeros_int8_${columns}`, () => ({ dtype: 'int8', dims: [columns], data: new Int8Array(columns) })),
  ]
  // A DequantizeLinear for each product: older runtimes fuse only those that nothing else reads.
  const [x] = rewrite.node('DequantizeLinear', input, [`${output}_x`]) as [string]
  const [w] = rewrite.node('DequantizeLinear', weight, [`${output}_w`], { axis: 1 }) as [string]
  rewrite.result('MatMul', [x, w], output)
}

/** x ≈ scale · (q − zero), q in 0 … 255; 0 is always exact. */
export function scaleOf([least, greatest]: [number, number]): { scale: number; zero: number } {
  const low = Math.min(0, least)
  const scale = Math.fround((Math.max(0, greatest) - low) / 255) || 1
  return { scale, zero: Math.min(255, Math.max(0, Math.round(-low / scale))) }
}
