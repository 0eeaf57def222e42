import { tf } from '../tf.ts'
import { type GraphBuilder, type TfDType, typedArray, type Value } from './graph.ts'
import { kernels } from './kernels/table.ts'

/** No underscore in the name: tfjs splits registry keys there and would not find the kernels. */
export const backendName = 'onnx'

/** A tfjs backend that records instead of computing: every data id stands for a Value of the graph being traced. */
class TracingBackend extends tf.KernelBackend {
  #builder: GraphBuilder | undefined
  #values = new WeakMap<object, Value>()

  /** Starts a graph, or ends one (undefined). Values of an earlier graph mean nothing in the next. */
  record(builder: GraphBuilder | undefined): void {
    this.#builder = builder
    this.#values = new WeakMap()
  }

  get graph(): GraphBuilder {
    if (!this.#builder) throw new Error('trace: an op ran on the tracing backend outside trace()')
    return this.#builder
  }

  put(value: Value): tf.TensorInfo {
    const dataId = {}
    this.#values.set(dataId, value)
    return { dataId, shape: value.shape, dtype: value.dtype }
  }

  get(info: tf.TensorInfo): Value {
    const value = this.#values.get(info.dataId)
    if (!value) throw new Error('trace: a tensor made outside trace() was used inside; pass it as an input or create it inside')
    return value
  }

  // Constants reach a backend through write(): tf.scalar, tf.ones, masks …
  override write(data: tf.BackendValues, shape: number[], dtype: tf.DataType): object {
    const numbers = data as Float32Array | Int32Array | Uint8Array
    const kind = dtype as TfDType
    const first = numbers[0] ?? 0
    const value: Value = { name: '', shape, dtype: kind }
    if (numbers.length > 0 && numbers.every((number) => number === first)) value.splat = first
    else value.name = this.graph.constant(kind, shape, typedArray(kind, numbers))
    return this.put(value).dataId
  }

  override readSync(): never {
    throw new Error('trace: a traced value has no numbers yet; do not read tensors (dataSync, arraySync) inside a step')
  }
  override async read(): Promise<never> {
    return this.readSync()
  }

  override numDataIds() {
    return 0
  }
  override disposeData() {
    return false // aliases share a data id; the weak map frees it
  }
  override incRef() {}
  override memory() {
    return { unreliable: true }
  }
  override epsilon() {
    return 1e-7
  }
  override floatPrecision(): 32 {
    return 32
  }
  override timerAvailable() {
    return false
  }
}

let backend: TracingBackend | undefined

/** The tracing backend, registered with its kernels on first use. */
export function tracingBackend(): TracingBackend {
  if (backend) return backend
  const made = new TracingBackend()
  tf.registerBackend(backendName, () => made, 0)
  for (const [kernelName, lower] of Object.entries(kernels)) {
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs }) => {
        const values = Object.fromEntries(Object.entries(inputs).map(([key, info]) => [key, made.get(info as tf.TensorInfo)]))
        const result = lower(made.graph, values, (attrs ?? {}) as Record<string, never>)
        return Array.isArray(result) ? result.map((value) => made.put(value)) : made.put(result)
      },
    })
  }
  backend = made
  return made
}
