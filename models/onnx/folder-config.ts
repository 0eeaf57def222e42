import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { UserError } from '../../base/errors.ts'
import { parseJson } from '../../base/json.ts'
import { clipMean, clipStd } from '../../corpora/pixel-values.ts'

const channels = z.array(z.number()).length(3)
const side = z.union([z.number(), z.object({ height: z.number(), width: z.number() }), z.object({ shortest_edge: z.number() })])
/** Python writes null for what a model has no say in; transformers.js takes it for a no, except with rescaling. */
const preprocessorSchema = z.object({
  crop_size: side.nullish(),
  size: side.nullish(),
  do_center_crop: z.boolean().nullable().default(true),
  do_rescale: z
    .boolean()
    .nullish()
    .transform((rescales) => rescales ?? true),
  rescale_factor: z
    .number()
    .nullish()
    .transform((factor) => factor ?? 1 / 255),
  do_normalize: z.boolean().nullable().default(true),
  image_mean: channels.nullish().transform((mean) => mean ?? [...clipMean]),
  image_std: channels.nullish().transform((std) => std ?? [...clipStd]),
})
const modelSchema = z.object({
  model_type: z.string().default('clip'),
  logit_scale_init_value: z.number().nullish(),
  vision_config: z.object({ image_size: z.number().optional() }).default({}),
  text_config: z.object({ max_position_embeddings: z.number().optional() }).default({}),
})

/** Where every CLIP starts to learn its scale from, as files write it: ln(1/0.07), rounded. */
const untrainedScale = 2.6592

export interface TeacherConfig {
  imageSize?: number
  contextLength?: number
  /** exp(logit_scale), where config.json holds a trained one. */
  logitScale?: number
  /** Texts of some models are always filled up to the context length. */
  padsToContext: boolean
  /** From our pixel values to the model's: v·scale + shift per channel; absent when they are the same. */
  recolour?: { scale: number[]; shift: number[] }
}

/**
 * Reads what config.json and preprocessor_config.json say about a model; a folder without them is read as plain CLIP.
 * @throws UserError for files that do not parse
 */
export async function readTeacherConfig(dir: string): Promise<TeacherConfig> {
  const model = await readJson(join(dir, 'config.json'), modelSchema)
  const pixels = await readJson(join(dir, 'preprocessor_config.json'), preprocessorSchema)
  const frame = sideOf(pixels.do_center_crop ? (pixels.crop_size ?? pixels.size) : pixels.size)
  const trained = model.logit_scale_init_value
  return {
    imageSize: frame ?? model.vision_config.image_size,
    contextLength: model.text_config.max_position_embeddings,
    logitScale: trained != null && Math.abs(trained - untrainedScale) > 1e-6 ? Math.exp(trained) : undefined,
    padsToContext: model.model_type.startsWith('siglip'),
    recolour: recolourOf(pixels),
  }
}

/** Ours is (p − m)/s with p in 0…1, theirs (k·p − m′)/s′; theirs = ours·(k·s/s′) + (k·m − m′)/s′. */
function recolourOf(pixels: z.infer<typeof preprocessorSchema>): TeacherConfig['recolour'] {
  const k = pixels.do_rescale ? 255 * pixels.rescale_factor : 255
  const mean = pixels.do_normalize ? pixels.image_mean : [0, 0, 0]
  const std = pixels.do_normalize ? pixels.image_std : [1, 1, 1]
  const scale = clipStd.map((own, c) => (k * own) / std[c]!)
  const shift = clipMean.map((own, c) => (k * own - mean[c]!) / std[c]!)
  const same = scale.every((value) => Math.abs(value - 1) < 1e-4) && shift.every((value) => Math.abs(value) < 1e-4)
  return same ? undefined : { scale, shift }
}

function sideOf(value: z.infer<typeof side> | null | undefined): number | undefined {
  if (value == null || typeof value === 'number') return value ?? undefined
  return 'shortest_edge' in value ? value.shortest_edge : value.height
}

async function readJson<T extends z.ZodType>(file: string, schema: T): Promise<z.infer<T>> {
  const text = await readFile(file, 'utf8').catch(() => '{}')
  const parsed = schema.safeParse(parseJson(text, file, 'Copy the file from the model again.'))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = `${file}: ${issue!.path.join('.') || 'top level'}`
  throw new UserError({
    where,
    expected: 'a configuration as transformers.js reads it',
    got: issue!.message,
    hint: 'Copy the file from the model again.',
  })
}
