import { UserError } from '../base/errors.ts'
import { notice } from '../base/watch.ts'
import type { Graph } from './onnx/model.ts'
import { prune } from './onnx/passes.ts'
import { encodeModel } from './onnx/proto.ts'
import { type Numbers, openSession, type RuntimeOptions } from './runtime.ts'
import { tf } from './tf.ts'
import { type InputSpecs, type TensorFunction, trace } from './trace/trace.ts'

/** A tensor function ready to run on typed arrays. Shapes are fixed; numbers that vary are inputs. */
export interface Step {
  run(inputs: Record<string, Numbers>): Promise<Record<string, Float32Array>>
  /** The graph behind a compiled step; absent on the eager path. */
  graph?: Graph
  release(): Promise<void>
}

export type Engine = 'onnx' | 'tfjs'

/**
 * Makes `fn` runnable: traced to ONNX and run by onnxruntime (`onnx`), or run op by op on the best tfjs backend (`tfjs`:
 * tfjs-node-gpu or tfjs-node when installed, else tfjs' cpu backend). Both compute the same thing.
 * @throws UserError for a device beside tfjs, which has its own
 */
export function compile(fn: TensorFunction, specs: InputSpecs, options: RuntimeOptions & { engine?: Engine } = {}): Promise<Step> {
  requireDevice(options)
  return options.engine === 'tfjs' ? eager(fn, specs) : compiled(fn, specs, options)
}

/** @throws UserError for a device beside tfjs: best asked before anything is prepared */
export function requireDevice({ engine, device }: RuntimeOptions & { engine?: Engine }): void {
  if (engine !== 'tfjs' || device === undefined || device === 'cpu') return
  const hint = 'Leave one of the two out: tfjs finds its device itself.'
  throw new UserError({ where: '--engine tfjs', expected: 'no --device', got: device, hint })
}

/**
 * The graph that `compile` runs. onnxruntime orders nodes by a search from the last of the list back. Listed in reverse, every weight's gradient is
 * computed as soon as it can be, while what it needs is in the caches, and not after all of the slopes between the layers.
 */
export function stepGraph(fn: TensorFunction, specs: InputSpecs, device: RuntimeOptions['device'] = 'cpu'): Graph {
  const graph = prune(trace(fn, specs, { cpuOnly: device === 'cpu' }))
  return { ...graph, nodes: graph.nodes.toReversed() }
}

async function compiled(fn: TensorFunction, specs: InputSpecs, options: RuntimeOptions): Promise<Step> {
  const graph = stepGraph(fn, specs, options.device)
  const session = await openSession(encodeModel(graph), options)
  return {
    graph,
    async run(inputs) {
      const feeds = Object.fromEntries(Object.entries(specs).map(([name, { shape }]) => [name, { data: given(inputs, name), dims: shape }]))
      const results = await session.run(feeds)
      return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]))
    },
    release: () => session.release(),
  }
}

async function eager(fn: TensorFunction, specs: InputSpecs): Promise<Step> {
  await tf.setBackend(await bestEagerBackend())
  return {
    async run(inputs) {
      const results: Record<string, Float32Array> = {}
      tf.tidy(() => {
        const tensors = Object.fromEntries(
          Object.entries(specs).map(([name, { dtype, shape }]) => [name, tf.tensor(given(inputs, name) as Float32Array, shape, dtype)]),
        )
        const outputs = fn(tensors)
        for (const [name, tensor] of Object.entries(outputs)) results[name] = Float32Array.from(tensor.dataSync())
        tf.dispose(outputs) // a loss's scalars are kept, so tidy leaves them
      })
      return results
    },
    async release() {},
  }
}

let hasSaidSlow = false

/** tfjs-node registers itself as `tensorflow` when it can be imported; its absence is the normal case, and said once. */
async function bestEagerBackend(): Promise<string> {
  for (const name of ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node']) {
    try {
      await import(name)
      return 'tensorflow'
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    }
  }
  if (!hasSaidSlow)
    notice('--engine tfjs: computed in JavaScript, slowly, for want of @tensorflow/tfjs-node-gpu (npm install @tensorflow/tfjs-node-gpu)')
  hasSaidSlow = true
  return 'cpu'
}

function given(inputs: Record<string, Numbers>, name: string): Numbers {
  const data = inputs[name]
  if (!data) throw new Error(`step: input '${name}' is missing (got ${Object.keys(inputs).join(', ')})`)
  return data
}
