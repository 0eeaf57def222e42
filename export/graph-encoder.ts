import type { Graph } from '../engine/onnx/model.ts'
import { encodeModel } from '../engine/onnx/proto.ts'
import { type NumberTensor, openSession, type RuntimeOptions } from '../engine/runtime.ts'
import type { ImageEncoder, TextEncoder } from '../models/embed.ts'
import type { Encoder } from '../models/encoder.ts'
import type { KeptImageTower } from '../models/kept-image.ts'
import { recoloured } from '../models/onnx/image-tower.ts'
import type { Tokenizer } from '../tokenizers/load.ts'
import { type GateTask, type MeasuredRecall, measureRecall } from './recall.ts'

type Open<Part> = Part & Pick<Encoder, 'release'>

/** How towers that were not written to files are run. */
export interface GraphOptions extends RuntimeOptions {
  /** How an image tower's pixel values differ from ours. */
  recolour?: KeptImageTower['recolour']
}

/** Opens an exported image tower that was not written to a file. */
export async function openVision(graph: Graph, options: GraphOptions = {}): Promise<Open<ImageEncoder>> {
  const session = await openSession(encodeModel(graph), options)
  const [, , size] = graph.inputs[0]!.dims as number[]
  return {
    oneByOne: choosesRanges(graph),
    encodeImages: async (pixels, count) => {
      const data = recoloured(pixels, size!, options.recolour)
      return first(await session.run({ pixel_values: { data, dims: [count, 3, size!, size!] } }))
    },
    release: () => session.release(),
  }
}

/** Opens an exported text tower that was not written to a file. */
export async function openText(graph: Graph, tokenizer: Tokenizer, options: RuntimeOptions = {}): Promise<Open<TextEncoder>> {
  const session = await openSession(encodeModel(graph), options)
  return {
    oneByOne: choosesRanges(graph),
    encodeTexts: async (texts) => {
      const { inputIds, attentionMask, length } = tokenizer.encodeBatch(texts, tokenizer.contextLength, 'longest')
      const dims = [texts.length, length]
      const wide = (data: Int32Array): NumberTensor => ({ data: BigInt64Array.from(data, BigInt), dims })
      return first(await session.run({ input_ids: wide(inputIds), attention_mask: wide(attentionMask) }))
    },
    release: () => session.release(),
  }
}

/** Mean recall of two towers that were not written to files. */
export async function recallOfGraphs(
  vision: Graph,
  text: Graph,
  tasks: GateTask[],
  tokenizer: Tokenizer,
  options: GraphOptions = {},
): Promise<MeasuredRecall[]> {
  const images = await openVision(vision, options)
  const texts = await openText(text, tokenizer, options)
  try {
    return await measureRecall({ ...images, ...texts, oneByOne: images.oneByOne || texts.oneByOne }, tasks)
  } finally {
    await Promise.all([images.release(), texts.release()])
  }
}

function choosesRanges({ nodes }: Graph): boolean {
  return nodes.some(({ op }) => op === 'DynamicQuantizeLinear')
}

function first(results: Record<string, NumberTensor>): Float32Array {
  return Object.values(results)[0]!.data as Float32Array
}
