import type { Graph } from '../onnx/model.ts'
import { tf } from '../tf.ts'
import { backendName, tracingBackend } from './backend.ts'
import { GraphBuilder, type GraphOptions, type TfDType } from './graph.ts'

export interface InputSpec {
  dtype: 'float32' | 'int32'
  shape: number[]
}
export type InputSpecs = Record<string, InputSpec>
export type Tensors = Record<string, tf.Tensor>

/** A pure function of named tensors: the unit that is traced, compiled or run eagerly. */
export type TensorFunction = (inputs: Tensors) => Tensors

/**
 * Runs `fn` once on symbols and returns the ONNX graph (opset 17) of everything it computed, gradients included.
 * Numbers that vary between calls must be inputs: whatever is a JavaScript number in `fn` is baked in.
 * @throws Error when `fn` reads a tensor's values, or uses a kernel that has no lowering.
 */
export function trace(fn: TensorFunction, specs: InputSpecs, options: Partial<GraphOptions> & { name?: string } = {}): Graph {
  const backend = tracingBackend()
  const builder = new GraphBuilder({ cpuOnly: options.cpuOnly ?? true, marks: options.marks ?? {} })
  const previous = tf.getBackend() ?? 'cpu'
  backend.record(builder)
  tf.setBackend(backendName) // takes effect at once: the factory is synchronous
  try {
    let graph: Graph | undefined // kept out of tidy's result, which it would search for tensors
    tf.tidy(() => {
      const inputs: Tensors = {}
      const infos = []
      for (const [name, spec] of Object.entries(specs)) {
        const info = backend.put({ name, shape: spec.shape, dtype: spec.dtype as TfDType })
        inputs[name] = tf.engine().makeTensorFromTensorInfo(info)
        infos.push(builder.valueInfo(name, spec))
      }
      const outputs = Object.entries(fn(inputs)).map(([name, tensor]) => [name, backend.get(tensor)] as const)
      graph = builder.finish(options.name ?? 'step', infos, Object.fromEntries(outputs))
    })
    return graph!
  } catch (error) {
    throw missingLowering(error) ?? error
  } finally {
    backend.record(undefined)
    tf.setBackend(previous)
  }
}

/** tfjs says only that a kernel is "not registered for backend 'onnx'". */
function missingLowering(error: unknown): Error | undefined {
  const kernel = error instanceof Error && /Kernel '(\w+)' not registered for backend 'onnx'/.exec(error.message)?.[1]
  if (!kernel) return undefined
  return new Error(
    `trace: expected tfjs kernels that have a lowering to ONNX, got ${kernel}. Write the step with other ops, or add ${kernel} to engine/trace/kernels/.`,
    { cause: error },
  )
}
