/** The subset of ONNX that this project reads and writes, as plain data. */
export type DType = 'float32' | 'float16' | 'int64' | 'int32' | 'int8' | 'uint8' | 'bool'

/** Little-endian bytes in row-major order; float16 as raw Uint16 bits, bool as one byte each. */
export interface TensorData {
  dtype: DType
  dims: number[]
  data: Float32Array | Uint16Array | BigInt64Array | Int32Array | Int8Array | Uint8Array
}

export type Attribute = number | string | number[] | TensorData | { float: number } | { floats: number[] }

export interface Node {
  op: string
  /** '' is ai.onnx. */
  domain: string
  inputs: string[] // '' = optional input left out
  outputs: string[]
  /** A plain number is an int attribute, `number[]` ints, `{float}` a float. */
  attributes: Record<string, Attribute>
}

export interface ValueInfo {
  name: string
  dtype: DType
  dims: (number | string)[] // a string names a dynamic dimension
}

export interface Graph {
  name: string
  nodes: Node[] // in topological order
  inputs: ValueInfo[]
  outputs: ValueInfo[]
  initializers: Map<string, TensorData>
  /** Opset version by domain: `{'': 17, 'com.microsoft': 1}`. */
  opsets: Record<string, number>
  irVersion: number
}
