import type { Attribute, DType, Graph, Node, TensorData, ValueInfo } from '../onnx/model.ts'
import { tf } from '../tf.ts'

export type TfDType = 'float32' | 'int32' | 'bool'

/** What stands for a tensor while a graph is recorded: a name instead of numbers. */
export interface Value {
  name: string
  shape: number[]
  dtype: TfDType
  /** Set when every element is this number; such a value is written out only where broadcasting cannot replace it. */
  splat?: number
}

/** Dynamic dimensions of an export: a large prime stands for each name while tracing. */
type Marks = Record<string, number>

export interface GraphOptions {
  /** Allow operators that onnxruntime has for the processor alone (FusedMatMul, OneHot): faster there, but not for exported files and other devices. */
  cpuOnly: boolean
  marks: Marks
}

/** Collects ONNX nodes in the order in which kernels run. */
export class GraphBuilder {
  readonly nodes: Node[] = []
  readonly initializers = new Map<string, TensorData>()
  readonly options: GraphOptions
  #count = 0
  #constants = new Map<string, string>()

  constructor(options: GraphOptions) {
    this.options = options
  }

  /** Appends a node and returns the value it makes. */
  emit(op: string, inputs: string[], shape: number[], dtype: TfDType, attributes: Record<string, Attribute> = {}, domain = ''): Value {
    return this.emitMany(op, inputs, [{ shape, dtype }], attributes, domain)[0]!
  }

  emitMany(
    op: string,
    inputs: string[],
    outputs: { shape: number[]; dtype: TfDType }[],
    attributes: Record<string, Attribute> = {},
    domain = '',
  ): Value[] {
    const values = outputs.map(({ shape, dtype }) => ({ name: `t${this.#count++}`, shape, dtype }))
    this.nodes.push({ op, domain, inputs, outputs: values.map((value) => value.name), attributes })
    return values
  }

  /** Adds a constant, sharing equal small ones, and returns its name. */
  constant(dtype: DType, dims: number[], data: TensorData['data']): string {
    const key = data.length <= 64 ? `${dtype}[${dims}]${data.join()}` : undefined
    const known = key && this.#constants.get(key)
    if (known) return known
    const name = `c${this.initializers.size}`
    this.initializers.set(name, { dtype, dims, data })
    if (key) this.#constants.set(key, name)
    return name
  }

  ints(values: number[]): string {
    return this.constant('int64', [values.length], BigInt64Array.from(values, BigInt))
  }

  scalar(value: number, dtype: TfDType): string {
    return this.constant(dtype, [], typedArray(dtype, [value]))
  }

  /** The ONNX name of a value, writing a splat out at its full shape. */
  name(value: Value): string {
    if (value.splat === undefined || value.name) return value.name
    if (value.shape.some((dim) => this.isMarked(dim))) {
      throw new Error(`trace: a constant of shape [${value.shape}] depends on a dynamic dimension. Derive it from an input instead.`)
    }
    value.name = this.constant(value.dtype, value.shape, typedArray(value.dtype, { length: tf.util.sizeFromShape(value.shape), value: value.splat }))
    return value.name
  }

  isMarked(dim: number): boolean {
    return Object.values(this.options.marks).some((mark) => dim >= mark && dim % mark === 0)
  }

  /** Dimension as an ONNX value info shows it: a number, or the name of the dynamic dimension. */
  #dimension(dim: number): number | string {
    const found = Object.entries(this.options.marks).find(([, mark]) => dim === mark)
    return found ? found[0] : this.isMarked(dim) ? 'dynamic' : dim
  }

  valueInfo(name: string, value: { shape: number[]; dtype: DType }): ValueInfo {
    return { name, dtype: value.dtype, dims: value.shape.map((dim) => this.#dimension(dim)) }
  }

  /** Closes the graph: outputs get their public names through Identity nodes, which onnxruntime removes. */
  finish(name: string, inputs: ValueInfo[], outputs: Record<string, Value>): Graph {
    const infos: ValueInfo[] = []
    for (const [outputName, value] of Object.entries(outputs)) {
      this.nodes.push({ op: 'Identity', domain: '', inputs: [this.name(value)], outputs: [outputName], attributes: {} })
      infos.push(this.valueInfo(outputName, value))
    }
    const opsets: Record<string, number> = { '': 17 }
    if (this.nodes.some((node) => node.domain === 'com.microsoft')) opsets['com.microsoft'] = 1
    return { name, nodes: this.nodes, inputs, outputs: infos, initializers: this.initializers, opsets, irVersion: 8 }
  }
}

/** Numbers in the array type that ONNX wants for a tfjs dtype. */
export function typedArray(dtype: TfDType, values: ArrayLike<number> | { length: number; value: number }): Float32Array | Int32Array | Uint8Array {
  const make = dtype === 'float32' ? Float32Array : dtype === 'int32' ? Int32Array : Uint8Array
  return 'value' in values ? new make(values.length).fill(values.value) : make.from(values)
}
