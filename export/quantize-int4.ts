/** The q4 format: weights in blocks of 4-bit integers. Smaller files; speed on a CPU stays about that of float32. */
import { UserError } from '../base/errors.ts'
import type { Graph, TensorData } from '../engine/onnx/model.ts'
import { quantizeTable } from './quantize.ts'
import { quantizeInt4Blocks } from './quantize-codec.ts'
import { type Rewrite, requireOpset, rewriteWeights, type WeightUse } from './quantize-weights.ts'

const contrib = 'com.microsoft'

export interface Int4Options {
  /** How many weights share a scale; a power of two, 16 or more. */
  blockSize?: number
  /** Names of weights (see `quantizableWeights`) that stay as they are. */
  keepFp32?: string[]
}

/**
 * Returns `graph` with 4-bit weights: MatMul by a weight becomes MatMulNBits, Gather from a table GatherBlockQuantized
 * (int8 rows where the table's width is not a whole number of blocks). Both ops are onnxruntime's own (1.22 or later).
 * @throws UserError below opset 13, and for a block size the ops do not take
 */
export function quantizeInt4(graph: Graph, options: Int4Options = {}): Graph {
  requireOpset(graph, 13)
  const blockSize = options.blockSize ?? 32
  if (blockSize < 16 || !Number.isInteger(Math.log2(blockSize))) {
    const hint = 'Take 32, or 16 for less error and a larger file'
    throw new UserError({ where: 'blockSize', expected: 'a power of two, 16 or more', got: `${blockSize}`, hint })
  }
  const rewritten = rewriteWeights(graph, options.keepFp32 ?? [], (use, rewrite) => {
    if (use.kind === 'matmul') packMatMul(use, rewrite, blockSize)
    else if (use.columns % blockSize === 0) packTable(use, rewrite, blockSize)
    else quantizeTable(use, rewrite)
    return true
  })
  return { ...rewritten, opsets: { ...rewritten.opsets, [contrib]: 1 } }
}

function packMatMul({ name, data, rows, columns, input, output }: WeightUse, rewrite: Rewrite, blockSize: number): void {
  // The op wants [out, in] with blocks along `in`; the weight here is [in, out].
  const blocks = Math.ceil(rows / blockSize)
  const [weight, scales] = pack(name, rewrite, [columns, blocks, blockSize / 2], [columns * blocks], () =>
    quantizeInt4Blocks((out, from) => data[from * columns + out]!, columns, rows, blockSize),
  )
  const attributes = { K: rows, N: columns, bits: 4, block_size: blockSize }
  rewrite.result('MatMulNBits', [input, weight, scales], output, attributes, contrib)
}

function packTable({ name, data, rows, columns, input, output }: WeightUse, rewrite: Rewrite, blockSize: number): void {
  const [table, scales] = pack(`${name}_rows`, rewrite, [rows, columns / 2], [rows, columns / blockSize], () =>
    quantizeInt4Blocks((row, column) => data[row * columns + column]!, rows, columns, blockSize),
  )
  const attributes = { gather_axis: 0, quantize_axis: 1, block_size: blockSize, bits: 4 }
  rewrite.result('GatherBlockQuantized', [table, input, scales], output, attributes, contrib)
}

function pack(
  name: string,
  rewrite: Rewrite,
  dims: number[],
  scaleDims: number[],
  make: () => { packed: Uint8Array; scales: Float32Array },
): [string, string] {
  let scales: TensorData | undefined
  const packed = rewrite.constant(`${name}_q4`, () => {
    const made = make()
    scales = { dtype: 'float32', dims: scaleDims, data: made.scales }
    return { dtype: 'uint8', dims, data: made.packed }
  })
  return [packed, rewrite.constant(`${name}_q4_scale`, () => scales!)]
}
