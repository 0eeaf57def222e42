import { opening } from '../base/closing.ts'
import type { Framing } from '../corpora/framing.ts'
import { encodeModel } from '../engine/onnx/proto.ts'
import { type NumberTensor, openSession, type RuntimeOptions } from '../engine/runtime.ts'
import type { Tokenizer } from '../tokenizers/load.ts'
import { type DualEncoder, frameOf } from './dual-encoder.ts'
import { boundedLogarithm } from './temperature.ts'
import { traceTower } from './towers.ts'

/** Anything that embeds images and texts into one space: a teacher, a student in training, an exported folder. */
export interface Encoder {
  /** Shown in reports and part of cache keys. */
  id: string
  embedDim: number // E
  imageSize: number // S, pixels
  /** How a photograph becomes a square of that size. */
  framing: Framing
  /** exp(logit_scale), for softened similarities: a model's own within CLIP's bounds, a teacher's as its files have it. */
  logitScale: number
  /** Cosine below which nothing fits a text, where the model's folder says it (see chooseThreshold). */
  scoreThreshold?: number
  /** What an embedding is depends on what else is in the call: such a model chooses the ranges of its activations anew each time. */
  oneByOne?: boolean
  /** Names its image tower by what embeddings of pictures depend on: models with the same one embed a picture alike (see imageTowerId). Absent while it learns. */
  imageTowerId?(): Promise<string>
  /** How it spells texts, where it shows that. */
  tokenizer?: Tokenizer
  /** pixels [n, 3, S, S], CLIP-normalised → unit embeddings [n, E]. */
  encodeImages(pixels: Float32Array, count: number): Promise<Float32Array>
  /** texts → unit embeddings [n, E]. */
  encodeTexts(texts: string[]): Promise<Float32Array>
  /** May be called more than once. */
  release(): Promise<void>
}

/** An encoder over live parameters: what it returns follows them as they learn. */
export async function modelEncoder(id: string, model: DualEncoder, tokenizer: Tokenizer, options: RuntimeOptions = {}): Promise<Encoder> {
  const { config, params } = model
  const { image, text, release } = await openTowers(model, options)
  const context = config.text_config.max_position_embeddings
  return {
    id,
    embedDim: config.projection_dim,
    ...frameOf(model),
    get logitScale() {
      return Math.exp(boundedLogarithm(params.logit_scale!.data[0]!))
    },
    ...(model.keptImage && { imageTowerId: model.keptImage.towerId }),
    encodeImages: image,
    async encodeTexts(texts) {
      const { inputIds, attentionMask, length } = tokenizer.encodeBatch(texts, context, 'longest')
      const dims = [texts.length, length]
      return text({ input_ids: { data: inputIds, dims }, attention_mask: { data: attentionMask, dims } })
    },
    release,
  }
}

function openTowers(model: DualEncoder, options: RuntimeOptions) {
  return opening(async (closeLater, release) => {
    const open = async (tower: 'image' | 'text') => closeLater(await openTower(tower, model, options), ({ release }) => release())
    const kept = model.keptImage && closeLater(await model.keptImage.open(options), ({ release }) => release())
    const image = kept ? kept.encodeImages : ownImages(model, await open('image'))
    return { image, text: await open('text'), release }
  })
}

function ownImages({ config }: DualEncoder, run: Awaited<ReturnType<typeof openTower>>) {
  const size = config.vision_config.image_size
  return async (pixels: Float32Array, count: number) => run({ pixel_values: { data: pixels, dims: [count, 3, size, size] } })
}

async function openTower(tower: 'image' | 'text', { config, params }: DualEncoder, options: RuntimeOptions) {
  const graph = traceTower(tower, config, { cpuOnly: true })
  const session = await openSession(encodeModel(graph), options)
  const used = graph.inputs.filter(({ name }) => params[name]).map(({ name }) => name)
  const run = async (feeds: Record<string, NumberTensor>): Promise<Float32Array> => {
    const weights = used.map((name) => [name, { data: params[name]!.data, dims: params[name]!.shape }] as const)
    const results = await session.run({ ...Object.fromEntries(weights), ...feeds })
    return Object.values(results)[0]!.data as Float32Array
  }
  return Object.assign(run, { release: () => session.release() })
}
