import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { UserError } from '../../base/errors.ts'
import { clipFraming, type Framing, filters } from '../../corpora/framing.ts'
import { clipMean, clipStd } from '../../corpora/pixel-values.ts'
import type { ModelConfig } from './model-config.ts'
import { readConfigFile } from './read-config.ts'

const channels = z.array(z.number()).length(3)
const side = z.union([z.number(), z.record(z.string(), z.number().nullish())])
/** Python writes null for what a processor has no say in. */
const schema = z.object({
  image_processor_type: z.string().nullish(),
  feature_extractor_type: z.string().nullish(),
  processor_class: z.string().nullish(),
  do_resize: z.boolean().nullish(),
  size: side.nullish(),
  resample: z.number().int().min(0).max(5).nullish(),
  interpolation: z.enum(filters).nullish(),
  resize_mode: z.enum(['shortest', 'longest', 'squash']).nullish(),
  fill_color: z.union([z.number(), channels]).nullish(),
  do_center_crop: z.boolean().nullish(),
  crop_size: side.nullish(),
  do_rescale: z.boolean().nullish(),
  rescale_factor: z.number().nullish(),
  do_normalize: z.boolean().nullish(),
  image_mean: channels.nullish(),
  image_std: channels.nullish(),
  mean: channels.nullish(),
  std: channels.nullish(),
  do_flip_channel_order: z.boolean().nullish(),
  patch_size: z.number().nullish(),
  max_num_patches: z.number().nullish(),
})
type Said = z.output<typeof schema>

/** What a model does to a picture before it sees it. */
export interface Preprocessing {
  /** The file that says so. */
  file: string
  /** The processor's name, or else the model's type. */
  kind: string
  framing: Framing
  /** S; absent where no file says it. */
  size?: number
  /** Of 0 … 1 values; [0, 0, 0] and [1, 1, 1] where they are not normalised. */
  mean: readonly number[]
  std: readonly number[]
  /** What values 0 … 255 are multiplied by first. */
  rescale: number
}

/** What the processors of some models do where their file does not say it. */
const customs: { kind: RegExp; crops: boolean; mean: readonly number[]; std: readonly number[] }[] = [
  { kind: /^(?:chinese|alt|meta)?_?clip/i, crops: true, mean: clipMean, std: clipStd },
  { kind: /^siglip/i, crops: false, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
]

/**
 * Reads preprocessor_config.json, or what transformers 5 writes instead: processor_config.json. Without either only CLIP's own type says how it sees.
 * @throws UserError for files that do not parse, ask for what is not done here, or leave open what decides how pictures look
 */
export async function readPreprocessing(dir: string, config: ModelConfig): Promise<Preprocessing> {
  const inner = z.object({ image_processor: schema.nullish(), processor_class: z.string().nullish() })
  const file = join(dir, 'preprocessor_config.json')
  const said = await readConfigFile(file, schema)
  if (said) return understand(file, said, config)
  const processor = join(dir, 'processor_config.json')
  const whole = await readConfigFile(processor, inner)
  if (whole?.image_processor) return understand(processor, { processor_class: whole.processor_class, ...whole.image_processor }, config)
  if (config.type === 'clip')
    return {
      file: join(dir, 'config.json'),
      kind: config.type,
      framing: clipFraming,
      size: config.imageSize,
      mean: clipMean,
      std: clipStd,
      rescale: 1 / 255,
    }
  throw new UserError({
    where: dir,
    expected: 'preprocessor_config.json or processor_config.json, which say how pictures are resized and normalised',
    got: existsSync(processor) ? 'a processor_config.json without image_processor' : `neither, and a model of type ${config.type || 'unknown'}`,
    hint: "Copy it from the model's original folder; only a config.json with model_type clip stands for CLIP's own preprocessing.",
  })
}

function understand(file: string, said: Said, config: ModelConfig): Preprocessing {
  const kind = said.image_processor_type ?? said.feature_extractor_type ?? said.processor_class ?? config.type
  const custom = customs.find((each) => each.kind.test(kind))
  const refuse = (key: string, expected: string, got: unknown, hint: string): never => {
    throw new UserError({ where: `${file}: ${key}`, expected, got: JSON.stringify(got) ?? 'nothing', hint })
  }
  if (said.do_resize === false) refuse('do_resize', 'true', false, 'Pictures must be resized to one size; say to which.')
  if (said.do_flip_channel_order) refuse('do_flip_channel_order', 'false', true, 'Export the model so that it takes red, green, blue.')
  if (said.max_num_patches != null)
    refuse('max_num_patches', 'pictures of one size', said.max_num_patches, 'This is a model of flexible sizes (NaFlex): take one of a fixed size.')
  const normalizes = said.do_normalize ?? true
  const mean = normalizes ? (said.image_mean ?? said.mean ?? custom?.mean) : [0, 0, 0]
  const std = normalizes ? (said.image_std ?? said.std ?? custom?.std) : [1, 1, 1]
  if (!mean || !std) return refuse(mean ? 'image_std' : 'image_mean', 'three numbers', undefined, "Copy them from the model's original folder.")
  const rescale = (said.do_rescale ?? true) ? (said.rescale_factor ?? 1 / 255) : 1
  return { file, kind, ...frameOf(file, said, custom?.crops), mean, std, rescale }
}

/** The framing and the size of the square. */
function frameOf(file: string, said: Said, cropsByCustom: boolean | undefined): { framing: Framing; size?: number } {
  const filter = filters[said.resample ?? -1] ?? said.interpolation ?? 'bicubic'
  const fill =
    said.fill_color == null ? undefined : typeof said.fill_color === 'number' ? gray(said.fill_color) : (said.fill_color as [number, number, number])
  const size = sizeOf(`${file}: size`, said.size)
  const crop = sizeOf(`${file}: crop_size`, said.crop_size)
  const keepsShape = size?.of === 'shortest' || size?.of === 'longest'
  const saysCrop = said.do_center_crop ?? (cropsByCustom || said.resize_mode ? true : undefined)
  const crops = saysCrop ?? (crop !== undefined || keepsShape)
  const square = crops ? (crop?.side ?? size?.side) : size?.side
  if (square === undefined) return { framing: { ...clipFraming, filter, fill } }
  const resized = size ?? { side: square, of: 'number' as const }
  // A number is the shorter side where the rest is cut off, else both sides, as Python's processors take it.
  const byNumber = crops ? 'shortest' : 'stretch'
  const byMode = said.resize_mode && ({ shortest: 'shortest', longest: 'longest', squash: 'stretch' } as const)[said.resize_mode]
  const resize = byMode ?? (resized.of === 'number' ? byNumber : resized.of)
  if (resize !== 'stretch' && !crops) {
    throw new UserError({
      where: `${file}: size`,
      expected: 'a square: {height, width}, or do_center_crop with a crop_size',
      got: `${JSON.stringify(said.size)} without a crop, which gives pictures of different shapes`,
      hint: 'Write down what the model was trained with.',
    })
  }
  return { framing: { resize, zoom: resized.side / square, filter, ...(fill && { fill }) }, size: square }
}

function sizeOf(
  where: string,
  value: z.output<typeof side> | null | undefined,
): { side: number; of: 'number' | 'shortest' | 'longest' | 'stretch' } | undefined {
  if (value == null) return undefined
  if (typeof value === 'number') return { side: value, of: 'number' }
  const { height, width, shortest_edge: shortest, longest_edge: longest } = value
  if (height != null && height === width) return { side: height, of: 'stretch' }
  if (height == null && width == null && shortest != null && longest == null) return { side: shortest, of: 'shortest' }
  if (height == null && width == null && longest != null && shortest == null) return { side: longest, of: 'longest' }
  throw new UserError({
    where,
    expected: 'a number, {height, width} of a square, {shortest_edge} or {longest_edge}',
    got: JSON.stringify(value),
    hint: 'Only models that see squares can be used.',
  })
}

const gray = (level: number) => [level, level, level] as const

/** From CLIP-normalised pixel values to the model's: v·scale + shift per channel; absent where they are the same. */
export interface Recolour {
  scale: number[]
  shift: number[]
}

/** Ours is (p − m)/s with p in 0…1, theirs (k·p − m′)/s′; theirs = ours·(k·s/s′) + (k·m − m′)/s′. */
export function recolourOf({ mean, std, rescale }: Preprocessing): Recolour | undefined {
  const k = 255 * rescale
  const scale = clipStd.map((own, c) => (k * own) / std[c]!)
  const shift = clipMean.map((own, c) => (k * own - mean[c]!) / std[c]!)
  const same = scale.every((value) => Math.abs(value - 1) < 1e-4) && shift.every((value) => Math.abs(value) < 1e-4)
  return same ? undefined : { scale, shift }
}
