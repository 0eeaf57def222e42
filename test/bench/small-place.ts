import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { normal, random } from '../../base/random.ts'
import { exportFolder } from '../../export/package.ts'
import { createDualEncoder } from '../../models/dual-encoder.ts'
import { trainTokenizer, writeTokenizer } from '../../tokenizers/train.ts'

const colours = [
  ['rot', 'rouge'],
  ['blau', 'bleu'],
  ['gelb', 'jaune'],
]

/** A folder with 24 one-coloured images, captioned in German and French and of three classes, and an untrained teacher of 32 px: flags of a study. */
export async function smallPlace(): Promise<{ dir: string; flags: Record<string, string | number> }> {
  const dir = await mkdtemp(join(tmpdir(), 'distilingual-bench-'))
  const rows: string[] = []
  for (let i = 0; i < 24; i++) {
    const background = { r: (i * 37) % 256, g: (i * 91) % 256, b: (i * 53) % 256 }
    await sharp({ create: { width: 32, height: 32, channels: 3, background } })
      .png()
      .toFile(join(dir, `${i}.png`))
    const [german, french] = colours[i % 3]!
    rows.push(`${i}.png,ein Bild ${german} ${i},une image ${french} ${i},train,${german},${i < 20 ? 'many' : `few ${i % 2}`}`)
  }
  await writeFile(join(dir, 'corpus.csv'), ['image,de,fr,split,class,kind', ...rows].join('\n'))
  const words = rows.flatMap((row) => row.split(',').slice(1, 3))
  await writeTokenizer(join(dir, 'words'), trainTokenizer(words, { vocabSize: 300 }))
  const tower = { hidden_size: 16, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 4 }
  const config = {
    projection_dim: 16,
    vision_config: { ...tower, image_size: 32, patch_size: 8 },
    text_config: { ...tower, vocab_size: 300, max_position_embeddings: 32 },
  }
  const model = createDualEncoder(config, 1)
  const next = random(2)
  // As after training: an export stores equal tensors once, and fresh biases are all zeros.
  for (const { data } of Object.values(model.params)) data.forEach((value, i) => (data[i] = value + 0.02 * normal(next)))
  await exportFolder(model, {
    tokenizerDir: join(dir, 'words'),
    out: join(dir, 'teacher'),
    dtypes: ['fp16'],
    leaveOut: ['combined', 'safetensors'],
  })
  const places = {
    corpus: join(dir, 'corpus.csv'),
    teacher: join(dir, 'teacher'),
    cacheDir: join(dir, 'cache'),
    runs: join(dir, 'runs'),
    out: join(dir, 'out'),
  }
  return { dir, flags: { ...places, languages: 'de,fr', threads: 1 } }
}
