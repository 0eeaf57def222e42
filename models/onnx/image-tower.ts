import { UserError } from '../../base/errors.ts'
import type { Framing } from '../../corpora/framing.ts'
import type { NumberTensor } from '../../engine/runtime.ts'
import { findTowerFile, teacherId } from './files.ts'
import { imageTowerId } from './image-tower-id.ts'
import { type ModelConfig, readModelConfig } from './model-config.ts'
import { type Preprocessing, type Recolour, readPreprocessing, recolourOf } from './preprocessing.ts'
import { isSiglip, type TowerFolderOptions } from './siglip.ts'
import { openTower, type Rows, type TeacherTower } from './tower.ts'

/** Embeds pictures. */
export interface ImageTower {
  id: string
  embedDim: number // E
  imageSize: number // S, pixels
  framing: Framing
  preprocessing: Preprocessing
  tower: TeacherTower
  /** See imageTowerId. */
  towerId(): Promise<string>
  /** What the model is fed for CLIP-normalised pixels [n, 3, S, S]. */
  feeds(pixels: Float32Array, count: number): Record<string, NumberTensor>
  /** CLIP-normalised pixels [n, 3, S, S] → unit embeddings [n, E]. */
  encodeImages(pixels: Float32Array, count: number): Promise<Float32Array>
  /** The same pixels → outputs as they are, named by `others` when the tower was opened, in the order asked for. */
  readImages(pixels: Float32Array, count: number, outputs: readonly string[]): Promise<Rows[]>
  release(): Promise<void>
}

/**
 * Opens the image tower of a folder, which need not have another.
 * @throws UserError for missing or damaged files, preprocessing that is not said or cannot be done here, and pictures that the model does not take
 */
export async function openImageTower(dir: string, options: TowerFolderOptions = {}): Promise<ImageTower> {
  const file = await findTowerFile(dir, 'vision', options.dtype)
  return withId(await openImageFile(dir, file, options), await teacherId(dir, { vision: file }))
}

/** Opens that file as the image tower of the folder. */
export async function openImageFile(dir: string, file: string, options: TowerFolderOptions): Promise<Omit<ImageTower, 'id'>> {
  const config = await readModelConfig(dir)
  const preprocessing = await readPreprocessing(dir, config)
  const tower = await openTower(file, 'vision', { ...options, isSiglip: isSiglip(config, preprocessing) })
  try {
    const size = sizeOf(tower, preprocessing, config)
    const recolour = recolourOf(preprocessing)
    const feeds = (pixels: Float32Array, count: number) => {
      requirePixels(tower.where, pixels, count, size)
      return { pixel_values: { data: recoloured(pixels, size, recolour), dims: [count, 3, size, size] } }
    }
    const { dim } = await tower.embed(feeds(probePicture(size), 1), 1).catch((error: Error) => {
      throw error instanceof UserError ? error : wrongSize(tower.where, size, preprocessing, error)
    })
    return {
      embedDim: dim,
      imageSize: size,
      framing: preprocessing.framing,
      preprocessing,
      tower,
      towerId: () => imageTowerId(file, preprocessing, tower.output),
      feeds,
      encodeImages: async (pixels, count) => (await tower.embed(feeds(pixels, count), count)).data,
      readImages: (pixels, count, outputs) => tower.read(feeds(pixels, count), count, outputs),
      release: () => tower.release(),
    }
  } catch (error) {
    await tower.release()
    throw error
  }
}

/** A picture of waves: of plain grey a tower may well see nothing. */
export function probePicture(size: number): Float32Array {
  return Float32Array.from({ length: 3 * size ** 2 }, (_, i) => Math.sin(i))
}

const withId = (tower: Omit<ImageTower, 'id'>, id: string): ImageTower => ({ ...tower, id })

/** From our pixel values to those that a model takes. pixels [n, 3, S, S] */
export function recoloured(pixels: Float32Array, size: number, recolour: Recolour | undefined): Float32Array {
  if (!recolour) return pixels
  const area = size * size
  const data = new Float32Array(pixels.length)
  for (let plane = 0; plane < pixels.length / area; plane++) {
    const scale = recolour.scale[plane % 3]!
    const shift = recolour.shift[plane % 3]!
    for (let i = plane * area; i < (plane + 1) * area; i++) data[i] = pixels[i]! * scale + shift
  }
  return data
}

function sizeOf({ where, inputs }: TeacherTower, preprocessing: Preprocessing, config: ModelConfig): number {
  const [, , height, width] = inputs.find(({ name }) => name === 'pixel_values')?.dims ?? []
  const fixed = [height, width].filter((side): side is number => typeof side === 'number' && side > 0)
  const said = preprocessing.size ?? config.imageSize
  if (fixed.length === 2 && fixed[0] !== fixed[1]) {
    const hint = 'Only models that see squares can be used.'
    throw new UserError({ where: `${where}, input pixel_values`, expected: 'a square', got: `${fixed[1]} × ${fixed[0]} pixels`, hint })
  }
  if (said === undefined && fixed.length === 0) {
    throw new UserError({
      where: preprocessing.file,
      expected: 'the size of pictures here (size, crop_size) or in config.json (vision_config.image_size)',
      got: 'none',
      hint: "Copy preprocessor_config.json from the model's original folder.",
    })
  }
  if (said !== undefined && fixed.length > 0 && fixed[0] !== said) {
    throw new UserError({
      where: preprocessing.file,
      expected: `pictures of ${fixed[0]} px, as ${where} takes`,
      got: `${said} px`,
      hint: 'The preprocessor must belong to the model: copy that of this very model.',
    })
  }
  return said ?? fixed[0]!
}

function wrongSize(where: string, size: number, { file }: Preprocessing, error: Error): UserError {
  return new UserError({
    where,
    expected: `to embed a picture of ${size} × ${size} px, as ${file} says`,
    got: `"${error.message.split('\n')[0]}"`,
    hint: 'The preprocessor must belong to the model: copy that of this very model.',
  })
}

function requirePixels(where: string, pixels: Float32Array, count: number, size: number): void {
  if (pixels.length === count * 3 * size ** 2) return
  throw new UserError({
    where,
    expected: `pixels [${count}, 3, ${size}, ${size}]`,
    got: `${pixels.length} numbers`,
    hint: `This model sees images of ${size} × ${size}: decode them at that size.`,
  })
}
