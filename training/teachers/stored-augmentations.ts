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
  const bytes = (await readFile(file).catch(unlessAbsent)) ?? (await write(dir, file, images, variants, draw))
  const starts = lineStarts(bytes)
  if (starts.length !== images * variants) throw mismatch(file, `${images * variants} lines, ${variants} of each image`, `${starts.length}`)
  return {
    // Read when asked for: as objects they would take several times the memory, and a string cannot hold those of 400,000 images.
    augmentation: (image, variant) => {
      const row = variant * images + image
      return parse(bytes.toString('utf8', starts[row], starts[row + 1]), `${file}:${row + 1}`)
    },
    digest: createHash('sha256').update(bytes).digest('hex'),
  }
}

function lineStarts(bytes: Buffer): number[] {
  const starts: number[] = []
  for (let at = 0; at < bytes.length; ) {
    starts.push(at)
    const end = bytes.indexOf('\n', at)
    at = end < 0 ? bytes.length : end + 1
  }
  return starts
}

function unlessAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

const linesTogether = 10_000

async function write(dir: string, file: string, images: number, variants: number, draw: (image: number, variant: number) => Augmentation) {
  const parts: Buffer[] = []
  for (let variant = 0; variant < variants; variant++)
    for (let from = 0; from < images; from += linesTogether) {
      const lines = Array.from({ length: Math.min(linesTogether, images - from) }, (_, i) => `${JSON.stringify(draw(from + i, variant))}\n`)
      parts.push(Buffer.from(lines.join('')))
    }
  const bytes = Buffer.concat(parts)
  await mkdir(dir, { recursive: true })
  await writeFileAtomic(file, bytes)
  return bytes
}

function parse(line: string, where: string): Augmentation {
  try {
    return JSON.parse(line) as Augmentation
  } catch (error) {
    throw mismatch(where, 'JSON', (error as Error).message)
  }
}
