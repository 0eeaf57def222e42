import './telemetry-off.ts'
import { availableParallelism } from 'node:os'
import * as ort from 'onnxruntime-node'
import { UserError } from '../base/errors.ts'

type Device = 'cpu' | 'webgpu' | 'cuda'
export type Numbers = Float32Array | Int32Array | BigInt64Array | Uint8Array | Int8Array | Uint16Array
export interface NumberTensor {
  data: Numbers
  dims: number[]
}

export interface RuntimeOptions {
  device?: Device
  /** Threads of one operator; default: all cores. */
  threads?: number
}

export interface TensorInfo {
  name: string
  type: string // 'float32', 'int64', …
  dims: (number | string)[]
}

export interface Session {
  inputs: TensorInfo[]
  outputs: TensorInfo[]
  /** Runs the graph. Blocks the calling thread: onnxruntime-node computes synchronously. */
  run(feeds: Record<string, NumberTensor>, outputs?: string[]): Promise<Record<string, NumberTensor>>
  /** May be called more than once. */
  release(): Promise<void>
}

/** Of a model that is given as bytes. */
export interface Origin {
  /** File that they were taken from, for messages. */
  where: string
  /** Folder of the files that hold weights of it. */
  weightsDir: string
}

/**
 * Opens an ONNX model given as a path or as bytes.
 * @throws UserError when the file is missing or onnxruntime refuses the model or the device
 */
export async function openSession(model: string | Uint8Array, options: RuntimeOptions = {}, origin?: Origin): Promise<Session> {
  const more = origin && { extra: { session: { model_external_initializers_file_folder_path: origin.weightsDir } } }
  const session = await createSession(model, options, more).catch((error: Error) => refuse(origin?.where ?? model, error, options.device))
  let released: Promise<void> | undefined
  return {
    inputs: session.inputMetadata.map(describe),
    outputs: session.outputMetadata.map(describe),
    async run(feeds, outputs) {
      const tensors = Object.fromEntries(Object.entries(feeds).map(([name, { data, dims }]) => [name, new ort.Tensor(typeOf(data), data, dims)]))
      const results = await (outputs ? session.run(tensors, outputs) : session.run(tensors))
      return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, { data: tensor.data as Numbers, dims: [...tensor.dims] }]))
    },
    release: () => (released ??= session.release()),
  }
}

/**
 * Writes an ONNX file in onnxruntime's own format (.ort), optimized as far as it goes without regard to this machine's processor.
 * @throws UserError when onnxruntime cannot open the model
 */
export async function saveOrtModel(model: string, out: string): Promise<void> {
  const options = { graphOptimizationLevel: 'extended', optimizedModelFilePath: out, extra: { session: { save_model_format: 'ORT' } } } as const
  const session = await createSession(model, { threads: 1 }, options).catch((error: Error) => refuse(model, error))
  await session.release()
}

async function createSession(
  model: string | Uint8Array,
  { device = 'cpu', threads = availableParallelism() }: RuntimeOptions,
  more: ort.InferenceSession.SessionOptions = {},
) {
  const options: ort.InferenceSession.SessionOptions = { executionProviders: [device], intraOpNumThreads: threads, logSeverityLevel: 4, ...more }
  return typeof model === 'string' ? ort.InferenceSession.create(model, options) : ort.InferenceSession.create(model, options)
}

function refuse(model: string | Uint8Array, { message }: Error, device = 'cpu'): never {
  if (device !== 'cpu') {
    const hint = 'It needs an onnxruntime that has it, with its libraries and driver (docs/gpu.md); without --device the processor is used.'
    throw new UserError({ where: `--device ${device}`, expected: 'a device that onnxruntime can use here', got: message, hint })
  }
  throw new UserError({
    where: typeof model === 'string' ? model : 'model',
    expected: 'a model that onnxruntime can open',
    got: message,
    hint: 'Check the path and that the file is a complete ONNX model.',
  })
}

function describe(meta: ort.InferenceSession.ValueMetadata): TensorInfo {
  return meta.isTensor ? { name: meta.name, type: meta.type, dims: [...meta.shape] } : { name: meta.name, type: 'sequence', dims: [] }
}

function typeOf(data: Numbers): 'float32' | 'int32' | 'int64' | 'uint8' | 'int8' | 'float16' {
  if (data instanceof Float32Array) return 'float32'
  if (data instanceof Int32Array) return 'int32'
  if (data instanceof BigInt64Array) return 'int64'
  if (data instanceof Int8Array) return 'int8'
  return data instanceof Uint16Array ? 'float16' : 'uint8'
}
