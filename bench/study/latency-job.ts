import { encodeModel } from '../../engine/onnx/proto.ts'
import { openSession } from '../../engine/runtime.ts'
import { type Candidate, interleavedLatency } from '../../eval/latency.ts'
import { exportGraphs } from '../../export/onnx.ts'
import type { ClipConfig } from '../../models/config.ts'
import { createDualEncoder } from '../../models/dual-encoder.ts'
import type { Measures, Site } from './job.ts'

export interface LatencyWork {
  models: { name: string; config: ClipConfig }[]
  textLength: number
  rounds: number
}

/**
 * Milliseconds of one image and of one text in exported fp32 towers of several models, in turn: `image.NAME`, `text.NAME`, medians.
 * Weights are random: they do not change what a product costs.
 */
export async function latencyJob({ models, textLength, rounds }: LatencyWork, { place }: Site): Promise<Measures> {
  const candidates: Candidate[] = []
  const sessions: { release(): Promise<void> }[] = []
  for (const { name, config } of models) {
    const graphs = exportGraphs(createDualEncoder(config, 1))
    const [vision, text] = await Promise.all([graphs.vision, graphs.text].map((graph) => openSession(encodeModel(graph), { threads: place.threads })))
    sessions.push(vision!, text!)
    const size = config.vision_config.image_size
    const pixel_values = { data: new Float32Array(3 * size ** 2).fill(0.5), dims: [1, 3, size, size] }
    const dims = [1, textLength]
    const input_ids = { data: new BigInt64Array(textLength).fill(3n), dims }
    const attention_mask = { data: new BigInt64Array(textLength).fill(1n), dims }
    candidates.push({ name: `image.${name}`, run: () => vision!.run({ pixel_values }) })
    candidates.push({ name: `text.${name}`, run: () => text!.run({ input_ids, attention_mask }) })
  }
  const times = await interleavedLatency(candidates, { rounds })
  await Promise.all(sessions.map((session) => session.release()))
  return Object.fromEntries(times.map(({ name, p50 }) => [name, p50]))
}
