import type { Graph } from '../engine/onnx/model.ts'
import { embedCached, embedTexts } from '../models/embed.ts'
import type { ModelDtype } from '../models/onnx/dtypes.ts'
import type { Tokenizer } from '../tokenizers/load.ts'
import { type ConvertOptions, convertGraph } from './dtypes.ts'
import { type GraphOptions, openText, openVision } from './graph-encoder.ts'
import type { ExportGraphs } from './onnx.ts'
import { quantizableWeights } from './quantize-weights.ts'
import type { GateTask } from './recall.ts'

/** What storing one weight in a smaller format does to its tower's embeddings, all other weights in fp32. */
export interface Sensitivity {
  tower: 'image' | 'text'
  /** The weight's name in the graph, as `keepFp32` takes it. */
  weight: string
  parameters: number
  /** Mean of 1 − cosine to the fp32 embedding. */
  error: number
}

const samples = 128 // images, and texts, that errors are averaged over

/** Returns every weight that `dtype` changes, the most harmful first. */
export async function sensitivities(
  graphs: Pick<ExportGraphs, 'vision' | 'text'>,
  dtype: ModelDtype,
  tasks: GateTask[],
  tokenizer: Tokenizer,
  options: GraphOptions & ConvertOptions = {},
): Promise<Sensitivity[]> {
  const { pixels } = tasks[0]!
  const count = Math.min(samples, pixels.count)
  const texts = tasks.flatMap((entry) => entry.task.texts.slice(0, Math.ceil(samples / tasks.length)))
  const image = async (graph: Graph) => {
    const encoder = await openVision(graph, options)
    return embedCached(encoder, pixels, count).finally(() => encoder.release())
  }
  const text = async (graph: Graph) => {
    const encoder = await openText(graph, tokenizer, options)
    return embedTexts(encoder, texts).finally(() => encoder.release())
  }
  const found = [
    ...(await study('image', graphs.vision, dtype, count, image, options)),
    ...(await study('text', graphs.text, dtype, texts.length, text, options)),
  ]
  return found.sort((a, b) => b.error - a.error)
}

async function study(
  tower: Sensitivity['tower'],
  graph: Graph,
  dtype: ModelDtype,
  count: number,
  embed: (graph: Graph) => Promise<Float32Array>,
  options: ConvertOptions,
): Promise<Sensitivity[]> {
  const exact = await embed(graph)
  const weights = quantizableWeights(graph)
  const found: Sensitivity[] = []
  for (const { name, parameters } of weights) {
    const others = weights.filter((other) => other.name !== name).map((other) => other.name)
    const rough = await embed(convertGraph(graph, dtype, { ...options, keepFp32: others }))
    let cosines = 0
    for (let i = 0; i < exact.length; i++) cosines += exact[i]! * rough[i]!
    found.push({ tower, weight: name, parameters, error: Math.max(0, 1 - cosines / count) })
  }
  return found
}

/** `vision_model.encoder.layers.0.mlp.fc1.weight_T` → `vision_model.encoder.layers.0.mlp.fc1`. */
export function layerName(weight: string): string {
  return weight.replace(/\.weight(_T\d*)?_*$/, '')
}
