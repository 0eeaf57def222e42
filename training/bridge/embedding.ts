import type { Graph } from '../../engine/onnx/model.ts'
import { encodeModel } from '../../engine/onnx/proto.ts'
import { type Params, paramInputs } from '../../engine/params.ts'
import { openSession, type RuntimeOptions } from '../../engine/runtime.ts'
import { tf } from '../../engine/tf.ts'
import { trace } from '../../engine/trace/trace.ts'
import { normalize } from '../../models/layers.ts'
import { addClassTerm } from './class-term.ts'
import { imageHead, imageHeadParams } from './heads.ts'
import type { FeatureRows } from './tower-features.ts'
import { concatenated } from './vectors.ts'

/** What a head reads of an image tower. */
export interface HeadInputs {
  /** Outputs that are joined to one row of features. */
  features: { name: string; width: number }[]
  /** Logits of a classifier, for the class term. */
  logits?: { name: string; width: number }
  /** T of the class term. */
  temperature: number
}

const batch = 1_000_003 // a prime far above any real size stands for the dynamic one

/**
 * The graph from a tower's outputs [b, …] to `image_embeds` [b, E]: u = n(head((f − `head.mean`)·`head.scale`)), and where there are logits and a `class.weight` the class
 * term on it. Parameters are inputs.
 */
export function embeddingGraph({ features, logits, temperature }: HeadInputs, params: Params): Graph {
  const hasTerm = logits && params['class.weight']
  const outputs = [...features, ...(hasTerm ? [logits] : [])]
  const specs = Object.fromEntries(outputs.map(({ name, width }) => [name, { dtype: 'float32' as const, shape: [batch, width] }]))
  return trace(
    (inputs) => {
      const row =
        features.length > 1
          ? tf.concat(
              features.map(({ name }) => inputs[name]!),
              1,
            )
          : inputs[features[0]!.name]!
      const u = normalize(imageHead(inputs, tf.mul(tf.sub(row, inputs['head.mean']!), inputs['head.scale']!)))
      return { image_embeds: hasTerm ? addClassTerm(inputs, u, inputs[logits.name]!, inputs['class.weight']!, temperature) : u }
    },
    { ...specs, ...paramInputs(imageHeadParams(params)) },
    { cpuOnly: false, marks: { batch_size: batch }, name: 'image_head' },
  )
}

export interface HeadSession {
  /** Embeds stored features with these parameters. → [N, E] */
  embed(rows: readonly FeatureRows[], params: Params): Promise<Float32Array>
  release(): Promise<void>
}

const rowsAtOnce = 1024

/** Opens a head for features that are stored. */
export async function openHead(inputs: HeadInputs, params: Params, options: RuntimeOptions = {}): Promise<HeadSession> {
  const graph = embeddingGraph(inputs, params)
  const session = await openSession(encodeModel(graph), options)
  const read = graph.inputs.map(({ name }) => name)
  return {
    async embed(rows, present) {
      const used = rows.filter(({ name }) => read.includes(name))
      const count = used[0]!.data.length / used[0]!.width
      const weights = Object.entries(present).flatMap(([name, { data, shape }]) =>
        read.includes(name) ? [[name, { data, dims: shape }] as const] : [],
      )
      const parts: Float32Array[] = []
      for (let from = 0; from < count; from += rowsAtOnce) {
        const to = Math.min(from + rowsAtOnce, count)
        const fed = used.map(({ name, width, data }) => [name, { data: data.subarray(from * width, to * width), dims: [to - from, width] }] as const)
        const { image_embeds: embeds } = await session.run(Object.fromEntries([...weights, ...fed]))
        parts.push(embeds!.data as Float32Array)
      }
      return concatenated(parts)
    },
    release: () => session.release(),
  }
}
