import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { normal, random } from '../../base/random.ts'
import { exportFolder } from '../../export/package.ts'
import { createDualEncoder } from '../../models/dual-encoder.ts'
import { trainTokenizer, writeTokenizer } from '../../tokenizers/train.ts'

/** Twelve pictures with captions in two languages, and an untrained teacher. */
export interface Place {
  dir: string
}

/** Fills an empty folder. */
export async function makePlace(dir: string): Promise<Place> {
  const at = (...names: string[]) => join(dir, ...names)
  await mkdir(at('pictures'), { recursive: true })
  const rows: string[] = []
  for (let i = 0; i < 12; i++) {
    const background = { r: (i * 37) % 256, g: (i * 91) % 256, b: (i * 53) % 256 }
    await sharp({ create: { width: 16, height: 16, channels: 3, background } })
      .png()
      .toFile(at('pictures', `${i}.png`))
    rows.push(`pictures/${i}.png,ein Bild ${i},une image ${i},${i < 8 ? 'train' : i < 10 ? 'val' : 'test'}`)
  }
  await writeFile(at('corpus.csv'), ['image,de,fr,split', ...rows].join('\n'))
  await writeTokenizer(
    at('words'),
    trainTokenizer(
      rows.flatMap((row) => row.split(',').slice(1, 3)),
      { vocabSize: 280 },
    ),
  )
  const tower = { hidden_size: 16, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 4 }
  const model = createDualEncoder(
    {
      projection_dim: 16,
      vision_config: { ...tower, image_size: 16, patch_size: 8 },
      text_config: { ...tower, vocab_size: 280, max_position_embeddings: 32 },
    },
    1,
  )
  const next = random(2)
  for (const { data } of Object.values(model.params)) data.forEach((value, i) => (data[i] = value + 0.02 * normal(next))) // as after training
  await exportFolder(model, { tokenizerDir: at('words'), out: at('teacher'), dtypes: ['fp32'], leaveOut: ['combined'], threads: 1 })
  return { dir }
}
