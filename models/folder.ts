import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { checksumsFile, writeChecksums } from '../base/checksums.ts'
import { copyFile, mkdir, rm, writeFileAtomic } from '../base/disk.ts'
import { UserError } from '../base/errors.ts'
import { parseJson } from '../base/json.ts'
import { type Frame, filters } from '../corpora/framing.ts'
import { clipMean, clipStd } from '../corpora/pixel-values.ts'
import type { Params } from '../engine/params.ts'
import { decodeSafetensors, encodeSafetensors } from '../engine/safetensors.ts'
import { loadTokenizer, type Tokenizer } from '../tokenizers/load.ts'
import { type ClipConfig, keptVision, type TowerConfig } from './config.ts'
import { type DualEncoder, dualEncoderParams, frameOf } from './dual-encoder.ts'
import { readExportWeights } from './export-weights.ts'
import { findKeptImage, type KeptImageTower } from './kept-image.ts'
import { readPreprocessing } from './onnx/preprocessing.ts'
import { boundedLogarithm } from './temperature.ts'
import { evenConfig, evenParams, unevenParams } from './uneven.ts'

const count = z.int().positive()
const sizes = z.array(count).optional()
/** Python's transformers leaves out of a file what is as in OpenAI's ViT-B/32. */
const tower = (hidden_size: number, num_attention_heads: number) => ({
  hidden_size: count.default(hidden_size),
  intermediate_size: count.default(4 * hidden_size),
  num_hidden_layers: count.default(12),
  num_attention_heads: count.default(num_attention_heads),
  intermediate_sizes: sizes,
  value_sizes: sizes,
})
// What a folder may say otherwise and this model does not do.
const fixed = { hidden_act: z.literal('quick_gelu').optional(), layer_norm_eps: z.literal(1e-5).optional() }
const headsFit = (config: { hidden_size: number; num_attention_heads: number }) => config.hidden_size % config.num_attention_heads === 0
const sizesFit = ({ num_hidden_layers, intermediate_sizes, value_sizes }: TowerConfig) =>
  [intermediate_sizes, value_sizes].every((sizes) => sizes === undefined || sizes.length === num_hidden_layers)
const patchesFit = (config: { image_size: number; patch_size: number }) => config.image_size % config.patch_size === 0
const configSchema = z
  .object({
    model_type: z.literal('clip').default('clip'),
    projection_dim: count.default(512),
    logit_scale_init_value: z.number().default(Math.log(1 / 0.07)),
    kept_image_tower: z.string().optional(),
    vision_config: z
      .object({ ...tower(768, 12), ...fixed, image_size: count.default(224), patch_size: count.default(32) })
      .refine(headsFit, 'hidden_size is no multiple of num_attention_heads')
      .refine(sizesFit, 'intermediate_sizes and value_sizes need a number for every layer')
      .refine(patchesFit, 'image_size is no multiple of patch_size')
      .transform(({ hidden_act, layer_norm_eps, ...config }) => config),
    text_config: z
      .object({ ...tower(512, 8), ...fixed, vocab_size: count.default(49_408), max_position_embeddings: count.default(77) })
      .refine(headsFit, 'hidden_size is no multiple of num_attention_heads')
      .refine(sizesFit, 'intermediate_sizes and value_sizes need a number for every layer')
      .transform(({ hidden_act, layer_norm_eps, ...config }) => config),
  })
  .transform(({ model_type, kept_image_tower: kept, ...config }) =>
    kept === undefined ? config : { ...config, kept_image_tower: kept, vision_config: keptVision(config.vision_config.image_size) },
  )

const keptFile = 'onnx/vision_model.onnx'
const tokenizerFiles = ['tokenizer.json', 'tokenizer_config.json']

/** A tokenizer of another make may leave open where texts are cut, or fill them up on the left: other libraries would do as it says, or never cut. */
async function completeTokenizerConfig(file: string, { contextLength }: Tokenizer): Promise<void> {
  const written = parseJson(await readFile(file, 'utf8'), file, 'Copy the tokenizer again.') as Record<string, unknown>
  if (written.model_max_length === contextLength && written.padding_side !== 'left') return
  await writeJson(file, { ...written, model_max_length: contextLength, padding_side: 'right' })
}

/**
 * Writes a model in Hugging Face's layout: config.json, preprocessor_config.json, model.safetensors and the tokenizer, and last SHA256SUMS of them.
 * Python's CLIPModel.from_pretrained reads the folder; so does readModelFolder. Adapters stay out; pruned layers are padded with zeros to equal size;
 * logit_scale is written within the bounds it was used in, which others do not know of. An image tower that is kept is copied, with its preprocessor, as
 * onnx/vision_model.onnx: model.safetensors then holds the text tower, and CLIPModel does not read the folder.
 */
export async function writeModelFolder(
  dir: string,
  { config, params: trained, framing, keptImage }: DualEncoder,
  tokenizerDir: string,
): Promise<void> {
  const logitScale = boundedLogarithm(trained.logit_scale!.data[0]!)
  const params = { ...trained, logit_scale: { shape: [], data: Float32Array.of(logitScale) } }
  await mkdir(dir)
  await rm(join(dir, checksumsFile))
  await writeFileAtomic(join(dir, 'model.safetensors'), Buffer.from(encodeSafetensors(evenParams({ config, params }))))
  for (const file of tokenizerFiles) await copyFile(join(tokenizerDir, file), join(dir, file))
  if (keptImage) await copyImageTower(keptImage, dir)
  else await writeJson(join(dir, 'preprocessor_config.json'), preprocessorConfig(frameOf({ config, framing })))
  const tokenizer = await loadTokenizer(dir)
  await completeTokenizerConfig(join(dir, 'tokenizer_config.json'), tokenizer)
  await writeJson(join(dir, 'config.json'), huggingFaceConfig({ config, params }, tokenizer))
  await writeChecksums(dir) // last: its presence says that the folder is complete
}

/**
 * Reads model.safetensors, or where an export leaves it out its ONNX files.
 * @throws UserError when the folder, a file or a tensor is missing, malformed or of another shape
 */
export async function readModelFolder(dir: string): Promise<DualEncoder & { tokenizer: Tokenizer }> {
  const { logit_scale_init_value: logitScale, ...config } = await readConfig(dir)
  const file = join(dir, 'model.safetensors')
  const isExport = !existsSync(file) && existsSync(join(dir, 'onnx'))
  const params = isExport ? await readExportWeights(dir, dualEncoderParams(config), logitScale) : await readWeights(file)
  for (const [name, { shape }] of Object.entries(dualEncoderParams(isExport ? config : evenConfig(config)))) {
    const got = params[name]?.shape
    if (got?.join() === shape.join()) continue
    throw new UserError({
      where: `${file}: ${name}`,
      expected: `[${shape}] as config.json says`,
      got: got ? `[${got}]` : 'no such tensor',
      hint: 'config.json and model.safetensors must come from the same run.',
    })
  }
  const tokenizer = await loadTokenizer(dir)
  if (tokenizer.vocabSize > config.text_config.vocab_size) {
    throw new UserError({
      where: join(dir, 'tokenizer.json'),
      expected: `at most ${config.text_config.vocab_size} ids`,
      got: `${tokenizer.vocabSize}`,
      hint: 'Model and tokenizer must come from the same run.',
    })
  }
  const { framing } = await readPreprocessing(dir, { type: 'clip' })
  return { config, params: isExport ? params : unevenParams(params, config), framing, tokenizer, ...(await keptIn(dir, config)) }
}

async function copyImageTower({ file, preprocessor }: KeptImageTower, dir: string): Promise<void> {
  await mkdir(join(dir, 'onnx'))
  await writeFileAtomic(join(dir, keptFile), await readFile(file))
  await writeFileAtomic(join(dir, basename(preprocessor)), await readFile(preprocessor))
}

/** The image tower that a folder keeps, if it keeps one. */
async function keptIn(dir: string, { kept_image_tower: kept, projection_dim: wanted }: ClipConfig): Promise<{ keptImage?: KeptImageTower }> {
  if (kept === undefined) return {}
  const keptImage = await findKeptImage(dir)
  if (keptImage.embedDim === wanted) return { keptImage }
  throw new UserError({
    where: keptImage.file,
    expected: `embeddings of ${wanted} numbers, as config.json says`,
    got: `${keptImage.embedDim}`,
    hint: 'config.json and the image tower must come from the same run.',
  })
}

async function readWeights(file: string): Promise<Params> {
  const bytes = await readFile(file).catch(() => missing(file, 'model.safetensors'))
  return decodeSafetensors(bytes, file)
}

async function readConfig(dir: string): Promise<z.output<typeof configSchema>> {
  const file = join(dir, 'config.json')
  const text = await readFile(file, 'utf8').catch(() => missing(file, 'a model folder with config.json'))
  const parsed = configSchema.safeParse(parseJson(text, file, 'Restore the file.'))
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  throw new UserError({
    where: `${file}: ${issue.path.join('.')}`,
    expected: "CLIPConfig's fields",
    got: issue.message,
    hint: 'Use a folder written by this tool or by CLIPModel.save_pretrained.',
  })
}

/** Whether Hugging Face's CLIPModel pools texts where our tower does: at the end token. With the id 2 for it, CLIPModel pools at the largest id. */
export function poolsAsPython({ eosId }: Tokenizer): boolean {
  return eosId !== null && eosId !== 2
}

/** config.json as Hugging Face's CLIPModel reads it. */
function huggingFaceConfig({ config, params }: DualEncoder, { padId, bosId, eosId }: Tokenizer): object {
  const { kept_image_tower: kept, vision_config: vision } = config
  const common = { hidden_act: 'quick_gelu', layer_norm_eps: 1e-5, attention_dropout: 0, projection_dim: config.projection_dim }
  const ids = { pad_token_id: padId, bos_token_id: bosId, eos_token_id: eosId }
  return {
    model_type: 'clip',
    ...(kept === undefined ? { architectures: ['CLIPModel'] } : { kept_image_tower: kept }), // one of another make is no CLIPModel's
    projection_dim: config.projection_dim,
    logit_scale_init_value: params.logit_scale!.data[0], // as trained: ONNX towers do not hold it
    text_config: { model_type: 'clip_text_model', ...config.text_config, ...common, ...ids },
    vision_config:
      kept === undefined
        ? { model_type: 'clip_vision_model', num_channels: 3, ...vision, ...common }
        : { model_type: 'clip_vision_model', num_channels: 3, image_size: vision.image_size, patch_size: vision.image_size },
  }
}

/** Both generations of transformers.js find their processor here. */
function preprocessorConfig({ imageSize: size, framing }: Frame): object {
  const side = Math.round(size * framing.zoom)
  const sizes = { shortest: { shortest_edge: side }, longest: { longest_edge: side }, stretch: { height: side, width: side } }
  return {
    image_processor_type: 'CLIPImageProcessor',
    feature_extractor_type: 'CLIPFeatureExtractor',
    do_convert_rgb: true,
    do_resize: true,
    size: sizes[framing.resize],
    resample: filters.indexOf(framing.filter),
    do_center_crop: framing.resize !== 'stretch' || side !== size,
    crop_size: { height: size, width: size },
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: clipMean,
    image_std: clipStd,
  }
}

function missing(file: string, expected: string): never {
  throw new UserError({ where: file, expected, got: 'no such file', hint: 'Check the path; a finished run has its model in RUN/student.' })
}

async function writeJson(file: string, value: object): Promise<void> {
  await writeFileAtomic(file, `${JSON.stringify(value, null, 2)}\n`)
}
