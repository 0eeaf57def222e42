import { dtypeToOnnx, float32ToFloat16 } from '../engine/onnx/dtypes.ts'
import type { Graph, Node, TensorData } from '../engine/onnx/model.ts'
import type { HeadDtype } from './head-dtypes.ts'
import { quantizeInt4Blocks, quantizeInt8 } from './quantize-codec.ts'

/** Numbers that share a scale at int4. */
const blockSize = 64

/** Initializers and the nodes that make a float32 matrix of them, under its name. */
interface Stored {
  initializers: Record<string, TensorData>
  nodes: Node[]
}

/**
 * Stores the matrices of a graph in fewer bits and works them out in ordinary operators, which runtimes do once, when they open the file:
 *
 *     fp16  w ≈ half(w)
 *     int8  w ≈ s·q, q = round(w/s), s = max|w|/127 over the row
 *     int4  w ≈ s·(q − 8), q in 0 … 15, one fp16 scale for 64 numbers of a row (see quantizeInt4Blocks)
 */
export function storedAs(graph: Graph, dtype: HeadDtype): Graph {
  if (dtype === 'fp32') return graph
  const nodes: Node[] = []
  const initializers = new Map<string, TensorData>()
  for (const [name, tensor] of graph.initializers) {
    const isMatrix = tensor.dtype === 'float32' && tensor.dims.length === 2
    const stored = isMatrix ? storage[dtype](name, tensor.data as Float32Array, tensor.dims) : { initializers: { [name]: tensor }, nodes: [] }
    for (const [part, data] of Object.entries(stored.initializers)) initializers.set(part, data)
    nodes.push(...stored.nodes)
  }
  return { ...graph, nodes: [...nodes, ...graph.nodes], initializers }
}

const storage: Record<Exclude<HeadDtype, 'fp32'>, (name: string, data: Float32Array, dims: number[]) => Stored> = {
  fp16: half,
  int8: byRows,
  int4: inBlocks,
}

function half(name: string, data: Float32Array, dims: number[]): Stored {
  const stored: TensorData = { dtype: 'float16', dims, data: float32ToFloat16(data) }
  return { initializers: { [`${name}_fp16`]: stored }, nodes: [cast(`${name}_fp16`, name)] }
}

function byRows(name: string, data: Float32Array, dims: number[]): Stored {
  const [rows, columns] = dims as [number, number]
  const { values, scales } = quantizeInt8(data, rows, columns, 'row')
  return {
    initializers: {
      [`${name}_int8`]: { dtype: 'int8', dims, data: values },
      [`${name}_scale`]: { dtype: 'float32', dims: [rows, 1], data: scales },
    },
    nodes: [cast(`${name}_int8`, `${name}_levels`), node('Mul', [`${name}_levels`, `${name}_scale`], name)],
  }
}

/** A matrix at int4, and the nodes that work it out under its name. */
export function inBlocks(name: string, data: Float32Array, [rows, columns]: number[]): Stored {
  const blocks = Math.ceil(columns! / blockSize)
  const { packed, scales } = quantizeInt4Blocks((row, column) => data[row * columns! + column]!, rows!, columns!, blockSize)
  const part = (suffix: string) => `${name}_${suffix}`
  const number = (value: number): TensorData => ({ dtype: 'float32', dims: [], data: Float32Array.of(value) })
  const integers = (...values: number[]): TensorData => ({ dtype: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) })
  return {
    initializers: {
      [part('int4')]: { dtype: 'uint8', dims: [rows!, blocks, blockSize / 2, 1], data: packed },
      [part('scale_fp16')]: { dtype: 'float16', dims: [rows!, blocks, 1], data: float32ToFloat16(scales) },
      [part('16')]: number(16),
      [part('8')]: number(8),
      [part('blocks')]: integers(rows!, blocks, blockSize),
      [part('rows')]: integers(rows!, blocks * blockSize),
      [part('from')]: integers(0),
      [part('to')]: integers(columns!),
      [part('axis')]: integers(1),
    },
    nodes: [
      cast(part('int4'), part('bytes')),
      node('Div', [part('bytes'), part('16')], part('sixteenths')),
      node('Floor', [part('sixteenths')], part('upper')),
      node('Mul', [part('upper'), part('16')], part('upper_part')),
      node('Sub', [part('bytes'), part('upper_part')], part('lower')),
      node('Concat', [part('lower'), part('upper')], part('pairs'), { axis: 3 }),
      node('Reshape', [part('pairs'), part('blocks')], part('levels')),
      node('Sub', [part('levels'), part('8')], part('signed')),
      cast(part('scale_fp16'), part('scale')),
      node('Mul', [part('signed'), part('scale')], part('values')),
      node('Reshape', [part('values'), part('rows')], part('padded')),
      node('Slice', [part('padded'), part('from'), part('to'), part('axis')], name),
    ],
  }
}

function node(op: string, inputs: string[], output: string, attributes: Node['attributes'] = {}): Node {
  return { op, domain: '', inputs, outputs: [output], attributes }
}

function cast(stored: string, output: string): Node {
  return node('Cast', [stored], output, { to: dtypeToOnnx('float32') })
}
