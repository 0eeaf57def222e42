import { UserError } from '../../base/errors.ts'
import type { NumberTensor, RuntimeOptions } from '../../engine/runtime.ts'
import type { TeacherConfig } from './folder-config.ts'
import { openTower, type TeacherTower } from './tower.ts'

/** An image tower in ONNX, which takes pixel values as we have them. */
export interface OnnxImageTower {
  imageSize: number // S
  /** pixels [n, 3, S, S], CLIP-normalised, as the tower's own input. */
  feed(pixels: Float32Array, count: number): NumberTensor
  /** The same pixels → unit embeddings [n, E]. */
  embed(pixels: Float32Array, count: number): Promise<{ data: Float32Array; dim: number }>
  release(): Promise<void>
}

/**
 * Opens the image tower of a folder.
 * @param model its file, or the ONNX graph itself
 * @param name of the file, for messages
 * @param config what the folder says of it
 * @throws UserError as openTower does, and where nothing tells the size of its images; `embed` throws it for pixels of another size
 */
export async function openImageTower(
  model: string | Uint8Array,
  { dir, name, config }: { dir: string; name: string; config: TeacherConfig },
  options: RuntimeOptions,
): Promise<OnnxImageTower> {
  const tower = await openTower(model, name, 'image_embeds', options)
  const imageSize = await sizeOf(tower, config, dir)
  const feed = (pixels: Float32Array, count: number) => ({
    data: recoloured(pixels, count, imageSize, config),
    dims: [count, 3, imageSize, imageSize],
  })
  return {
    imageSize,
    feed,
    async embed(pixels, count) {
      requirePixels(dir, pixels, count, imageSize)
      return tower.embed({ pixel_values: feed(pixels, count) }, count)
    },
    release: () => tower.release(),
  }
}

/** From our pixel values to those that a folder's preprocessor makes. pixels [n, 3, S, S] */
export function recoloured(pixels: Float32Array, count: number, size: number, { recolour }: Pick<TeacherConfig, 'recolour'>): Float32Array {
  if (!recolour) return pixels
  const area = size * size
  const data = new Float32Array(pixels.length)
  for (let plane = 0; plane < count * 3; plane++) {
    const scale = recolour.scale[plane % 3]!
    const shift = recolour.shift[plane % 3]!
    for (let i = plane * area; i < (plane + 1) * area; i++) data[i] = pixels[i]! * scale + shift
  }
  return data
}

async function sizeOf(vision: TeacherTower, config: TeacherConfig, dir: string): Promise<number> {
  const fixed = vision.inputs.find(({ name }) => name === 'pixel_values')?.dims[2]
  const size = typeof fixed === 'number' && fixed > 0 ? fixed : config.imageSize
  if (size !== undefined) return size
  await vision.release()
  throw new UserError({
    where: dir,
    expected: 'the image size in preprocessor_config.json (crop_size) or config.json (vision_config.image_size)',
    got: 'none',
    hint: "Copy preprocessor_config.json from the model's original folder.",
  })
}

function requirePixels(dir: string, pixels: Float32Array, count: number, size: number): void {
  if (pixels.length === count * 3 * size ** 2) return
  throw new UserError({
    where: dir,
    expected: `pixels [${count}, 3, ${size}, ${size}]`,
    got: `${pixels.length} numbers`,
    hint: `This model sees images of ${size} × ${size}: decode them at that size.`,
  })
}
