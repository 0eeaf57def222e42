import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import type { Augmentation } from '../../corpora/augment.ts'
import { mismatch } from './feature-folder.ts'

export interface StoredAugmentations {
  augmentation(image: number, variant: number): Augmentation
  /** Of the file's content. */
  digest: string
}

/**
 * The augmentations that a teacher's features are of, in augmentations.jsonl: a line an image row, variant · N + image. Drawn and written
 * once; whoever reads features later applies what stands there, so that no image meets the feature of another.
 * @throws UserError for a file that is not of so many images and variants
 */
export async function storedAugmentations(
  dir: string,
  images: number,
  variants: number,
  draw: (image: number, variant: number) => Augmentation,
): Promise<StoredAugmentations> {
  const file = join(dir, 'augmentations.jsonl')
  const text = (await readFile(file, 'utf8').catch(() => undefined)) ?? (await write(dir, file, images, variants, draw))
  const lines = text.trimEnd().split('\n')
  if (lines.length !== images * variants) throw mismatch(file, `${images * variants} lines, ${variants} of each image`, `${lines.length}`)
  return {
    // Parsed when asked for: as objects they would take several times the memory.
    augmentation: (image, variant) => parse(lines[variant * images + image]!, `${file}:${variant * images + image + 1}`),
    digest: createHash('sha256').update(text).digest('hex'),
  }
}

async function write(dir: string, file: string, images: number, variants: number, draw: (image: number, variant: number) => Augmentation) {
  const lines = Array.from({ length: images * variants }, (_, row) => JSON.stringify(draw(row % images, Math.floor(row / images))))
  const text = `${lines.join('\n')}\n`
  await mkdir(dir, { recursive: true })
  await writeFileAtomic(file, text)
  return text
}

function parse(line: string, where: string): Augmentation {
  try {
    return JSON.parse(line) as Augmentation
  } catch (error) {
    throw mismatch(where, 'JSON', (error as Error).message)
  }
}
