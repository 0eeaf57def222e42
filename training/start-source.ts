import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../base/errors.ts'
import { type ClipConfig, preset, type TowerConfig, usualStudent } from '../models/config.ts'
import type { DualEncoder } from '../models/dual-encoder.ts'
import { findModel } from '../models/find-model.ts'
import { readModelFolder } from '../models/folder.ts'
import { requireInheritable } from '../models/inheritable.ts'
import type { KeptImageTower } from '../models/kept-image.ts'
import { verifyModelFolder } from '../models/verify.ts'
import { checkTokenizer, requireNoTokenizerSettings } from './tokenizer.ts'

/** What of stage 1's settings decides the student that training begins with. */
export interface StartSettings {
  student: string
  seed: number
  embedDim?: number
  imageSize?: number
  keepImageTower?: boolean
  patchSize?: number
  init?: string
  inherit?: string
  tokenizer?: string
  vocabSize: number
  contextLength?: number
  tokenizerAlgorithm?: 'bpe' | 'unigram'
}

/** What a student has of its teacher and of the corpus. */
export interface StartFrame {
  /** The student's (see studentImageSize). */
  imageSize: number
  /** The teacher's, unless settings say otherwise. */
  embedDim: number
  /** The teacher's image tower, where the student keeps it. */
  keptImage?: KeptImageTower
}

/** The student to begin with, which brings its tokenizer. */
export interface StartSource {
  folder: string
  model: DualEncoder
  /** What is cut out of it; absent: it goes on as it is. */
  target?: ClipConfig
}

/**
 * Reads the student that `init` or `inherit` names; undefined where training begins with random weights.
 * @throws UserError for all that is wrong with it, with `tokenizer` and with the size of patches: call it before a run has a folder
 */
export async function startSource(settings: StartSettings, { imageSize, embedDim, keptImage }: StartFrame): Promise<StartSource | undefined> {
  const { tokenizer, student, patchSize } = settings
  const source = sourceOf(settings)
  if (!source) {
    await checkTokenizer(settings)
    if (!keptImage) patchSizeOf(imageSize, patchSize)
    return undefined
  }
  const { folder, flag } = source
  if (tokenizer) await requireSameFile(flag, folder, tokenizer)
  requireNoTokenizerSettings(`${flag} ${folder}`, settings)
  await verifyModelFolder(folder)
  const { config, params, keptImage: held } = await readModelFolder(folder)
  if (Boolean(held) !== Boolean(keptImage)) {
    const [kept, own] = ['an image tower that is kept', 'an image tower of its own']
    throw unfit(flag, folder, `a student with ${keptImage ? kept : own}`, `one with ${held ? kept : own}`)
  }
  const { image_size: size, patch_size: patch } = config.vision_config
  if (size !== imageSize) throw unfit(flag, folder, `images of ${imageSize} px, as --image-size says`, `${size} px`)
  if (patchSize !== undefined && patchSize !== patch) throw unfit(flag, folder, `patches of ${patchSize} px, as --patch-size says`, `${patch} px`)
  if (keptImage && keptImage.embedDim !== config.projection_dim)
    throw unfit(flag, folder, `an embedding of ${keptImage.embedDim}, as the kept image tower has`, `${config.projection_dim}`)
  const model = keptImage ? { config: { ...config, kept_image_tower: keptImage.id }, params, keptImage } : { config, params }
  if (flag === '--init') {
    if (student !== usualStudent && !isOfSize(config, student)) throw unfit(flag, folder, `the size ${student}, as --student says`, sizeOf(config))
    if (settings.embedDim !== undefined && settings.embedDim !== config.projection_dim)
      throw unfit(flag, folder, `an embedding of ${settings.embedDim}, as --embed-dim says`, `${config.projection_dim}`)
    return { folder, model }
  }
  const { vocab_size: vocabSize, max_position_embeddings: contextLength } = config.text_config
  const sizes = { vocabSize, contextLength, imageSize, patchSize: patch }
  const target = preset(student, { ...sizes, embedDim: settings.embedDim ?? Math.min(embedDim, config.projection_dim) })
  requireInheritable(config, target)
  return { folder, model, target }
}

/**
 * The side of a student's images in pixels: the one wanted (--image-size), that of the student it begins with, or else the smaller one
 * of the corpus' usual side and the teacher's: in a larger image the teacher sees no more. The teacher's, where its image tower is kept.
 * @throws UserError for a student to begin with whose images have another size than the one wanted
 */
export async function studentImageSize(
  settings: Pick<StartSettings, 'imageSize' | 'init' | 'inherit' | 'keepImageTower'>,
  usual: number,
  teacher: number,
): Promise<number> {
  const { imageSize: wanted } = settings
  if (settings.keepImageTower) return teacher
  const source = sourceOf(settings)
  if (!source) return wanted ?? Math.min(usual, teacher)
  const { image_size: size } = (await readModelFolder(source.folder)).config.vision_config
  if (wanted !== undefined && wanted !== size) throw unfit(source.flag, source.folder, `images of ${wanted} px, as --image-size says`, `${size} px`)
  return size
}

/**
 * The side of a student's patches in pixels: 8, or what makes about 64 of them. Images of 224 px would otherwise make students of 785 tokens.
 * @throws UserError for a side that does not divide the image's, and for images that nothing near divides
 */
export function patchSizeOf(imageSize: number, wanted?: number): number {
  const ideal = Math.max(8, imageSize / 8)
  const divisors = Array.from({ length: imageSize }, (_, i) => i + 1).filter((side) => imageSize % side === 0)
  const usual = divisors.reduce((best, side) => (Math.abs(side - ideal) < Math.abs(best - ideal) ? side : best))
  if (wanted === undefined && (usual > 2 * ideal || 2 * usual < ideal)) {
    const hint = `Take a multiple of 8 for --image-size, or name the --patch-size: ${divisors.join(', ')}.`
    throw new UserError({
      where: `images of ${imageSize} px`,
      expected: `a side that can be cut into patches of about ${ideal} px`,
      got: `${imageSize}`,
      hint,
    })
  }
  if (wanted === undefined || divisors.includes(wanted)) return wanted ?? usual
  const expected = `a divisor of ${imageSize}, the side of the student's images`
  throw new UserError({ where: '--patch-size', expected, got: `${wanted}`, hint: `${usual} is usual.` })
}

function sourceOf({ init, inherit }: Pick<StartSettings, 'init' | 'inherit'>): { folder: string; flag: '--init' | '--inherit' } | undefined {
  if (init && inherit) {
    const hint = '--init goes on with a student as it is, --inherit cuts a smaller one out of it: name one.'
    throw new UserError({ where: `--init ${init} --inherit ${inherit}`, expected: 'one of the two', got: 'both', hint })
  }
  if (init) return { folder: findModel(init), flag: '--init' }
  return inherit ? { folder: findModel(inherit), flag: '--inherit' } : undefined
}

function isOfSize({ vision_config: vision, text_config: text }: ClipConfig, size: string): boolean {
  const wanted = preset(size, { vocabSize: 1 })
  const same = (tower: TowerConfig, other: TowerConfig) =>
    tower.hidden_size === other.hidden_size && tower.num_hidden_layers === other.num_hidden_layers
  return same(vision, wanted.vision_config) && same(text, wanted.text_config)
}

function sizeOf({ vision_config: vision, text_config: text }: ClipConfig): string {
  return `${vision.hidden_size}x${vision.num_hidden_layers}-${text.hidden_size}x${text.num_hidden_layers}`
}

/** Token tables belong to their tokenizer. */
async function requireSameFile(flag: string, folder: string, tokenizer: string): Promise<void> {
  const [wanted, named] = await Promise.all([folder, tokenizer].map((dir) => readFile(join(dir, 'tokenizer.json'), 'utf8').catch(() => '')))
  if (wanted === named) return
  const hint = 'Leave --tokenizer out: the weights come with theirs.'
  throw new UserError({ where: `${flag} ${folder}`, expected: 'the tokenizer that it was trained with', got: `--tokenizer ${tokenizer}`, hint })
}

function unfit(flag: string, folder: string, expected: string, got: string): UserError {
  return new UserError({ where: `${flag} ${folder}`, expected, got, hint: 'Name another student, or leave it out to begin from random weights.' })
}
