import type { Graph } from '../../engine/onnx/model.ts'
import { encodeModel } from '../../engine/onnx/proto.ts'
import { type Params, paramInputs } from '../../engine/params.ts'
import { openSession, type RuntimeOptions } from '../../engine/runtime.ts'
import { tf } from '../../engine/tf.ts'
import { trace } from '../../engine/trace/trace.ts'
import { normalize } from '../../models/layers.ts'
import { textHead, textHeadParams } from './heads.ts'
import { concatenated } from './vectors.ts'

const batch = 1_000_003 // a prime far above any real size stands for the dynamic one

/**
 * The graph from a text tower's output t [b, E] to `text_embeds` [b, E]: v = head(n(t − `text.centre`)). Parameters are inputs.
 * @param output of the tower
 * @param params of the text head; none: v = n(t − `text.centre`)
 */
export function textEmbeddingGraph(output: string, width: number, params: Params): Graph {
  const specs = {
    [output]: { dtype: 'float32' as const, shape: [batch, width] },
    'text.centre': { dtype: 'float32' as const, shape: [width] },
    ...paramInputs(params),
  }
  return trace((inputs) => ({ text_embeds: textHead(inputs, normalize(tf.sub(inputs[output]!, inputs['text.centre']!))) }), specs, {
    cpuOnly: false,
    marks: { batch_size: batch },
    name: 'text_head',
  })
}

export interface TextHeadSession {
  /** Sends centred unit vectors of texts z [N, E] through the text head with these parameters. → [N, E]; z itself where there is no text head */
  embed(z: Float32Array, params: Params): Promise<Float32Array>
  release(): Promise<void>
}

const rowsAtOnce = 4096

/** Opens a text head for texts that are stored. */
export async function openTextHead(width: number, params: Params, options: RuntimeOptions = {}): Promise<TextHeadSession> {
  const weights = Object.keys(textHeadParams(params))
  if (weights.length === 0) return { embed: async (z) => z, release: async () => {} }
  const session = await openSession(encodeModel(textEmbeddingGraph('text', width, textHeadParams(params))), options)
  const zero = { data: new Float32Array(width), dims: [width] }
  return {
    async embed(z, present) {
      const fed = Object.fromEntries(weights.map((name) => [name, { data: present[name]!.data, dims: present[name]!.shape }]))
      const parts: Float32Array[] = []
      for (let from = 0; from < z.length; from += rowsAtOnce * width) {
        const data = z.subarray(from, from + rowsAtOnce * width)
        const { text_embeds: embeds } = await session.run({ ...fed, 'text.centre': zero, text: { data, dims: [data.length / width, width] } })
        parts.push(embeds!.data as Float32Array)
      }
      return concatenated(parts)
    },
    release: () => session.release(),
  }
}
