import { progress } from '../../base/progress.ts'
import type { Graph } from '../../engine/onnx/model.ts'
import { encodeModel } from '../../engine/onnx/proto.ts'
import { type NumberTensor, openSession, type RuntimeOptions } from '../../engine/runtime.ts'
import type { KeptImageTower } from '../../models/kept-image.ts'
import { recoloured } from '../../models/onnx/image-tower.ts'
import { addSamples, bestRange, type Calibration, withOutputs } from '../calibrate.ts'
import type { Ranges } from '../quantize-static.ts'
import { carriedTensors, convUses } from './places.ts'

/** What pictures make of a graph's tensors. */
export interface Observed {
  /** The range that eight bits should cover, of every tensor that they may carry. */
  ranges: Ranges
  /** Mean of every channel of what convolutions read. [C] each */
  means: Map<string, Float32Array>
}

/** Runs a graph of convolutions on pictures, one at a time: [1, 3, S, S] each. */
export async function calibrateConv(graph: Graph, pictures: Record<string, NumberTensor>[], options: RuntimeOptions = {}): Promise<Observed> {
  const names = [...carriedTensors(graph)]
  const channels = new Map(convUses(graph).map(({ node, weight, group }) => [node.inputs[0]!, (weight.dims[0]! / group.outputs) * group.inputs]))
  const means = new Map([...channels].map(([name, count]) => [name, new Float32Array(count)]))
  const samples = names.map((): number[] => [])
  const session = await openSession(encodeModel(withOutputs(graph, names)), options)
  const bar = progress('calibrate', pictures.length, 'pictures')
  try {
    for (const [done, feeds] of pictures.entries()) {
      const results = await session.run(
        feeds,
        names.map((_, i) => `calibrated_${i}`),
      )
      for (const [i, name] of names.entries()) {
        const values = results[`calibrated_${i}`]!.data as Float32Array
        addSamples(samples[i]!, values)
        const mean = means.get(name)
        if (mean) addMeans(mean, values, pictures.length)
      }
      bar.update(done + 1)
    }
  } finally {
    bar.stop()
    await session.release()
  }
  return { ranges: new Map(names.map((name, i) => [name, bestRange(Float32Array.from(samples[i]!).sort())])), means }
}

/** At most so many pictures of a calibration set, as the graph takes them. @param recolour how its pixel values differ from ours */
export function picturesOf(graph: Graph, { pixels }: Calibration, recolour?: KeptImageTower['recolour']): Record<string, NumberTensor>[] {
  const [, , size] = graph.inputs[0]!.dims as number[]
  const stride = 3 * size! ** 2
  return Array.from({ length: Math.min(mostPictures, pixels.length / stride) }, (_, i) => ({
    pixel_values: { data: recoloured(pixels.subarray(i * stride, (i + 1) * stride), size!, recolour), dims: [1, 3, size!, size!] },
  }))
}

const mostPictures = 128

/** values [C, …] of one of `count` pictures. */
function addMeans(means: Float32Array, values: Float32Array, count: number): void {
  const area = values.length / means.length
  for (let c = 0; c < means.length; c++) {
    let sum = 0
    for (let i = c * area; i < (c + 1) * area; i++) sum += values[i]!
    means[c]! += sum / area / count
  }
}
