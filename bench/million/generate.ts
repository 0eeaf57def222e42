import { existsSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { rename, rm } from '../../base/disk.ts'
import { progress } from '../../base/progress.ts'
import { normal, random } from '../../base/random.ts'
import { webDatasetWriter } from '../../corpora/writers/webdataset.ts'
import { exportFolder } from '../../export/package.ts'
import { createDualEncoder } from '../../models/dual-encoder.ts'
import { trainTokenizer, writeTokenizer } from '../../tokenizers/train.ts'

const size = 64
const words = ['red', 'green', 'blue', 'small', 'large', 'round', 'old', 'new', 'wide', 'thin']
const wörter = ['rot', 'grün', 'blau', 'klein', 'groß', 'rund', 'alt', 'neu', 'breit', 'dünn']

/**
 * A WebDataset folder of generated pictures of 64 px, each with two captions in English and two in German, all of them different: `rows` to train on, and
 * `validation` more. Made once.
 */
export async function generatedCorpus(dir: string, rows: number, validation: number): Promise<string> {
  const out = join(dir, `pictures-${rows}`)
  if (existsSync(out)) return out
  const unfinished = `${out}.unfinished`
  await rm(unfinished)
  const writer = webDatasetWriter(unfinished)
  const bar = progress('generate', rows + validation, 'pictures')
  for (let i = 0; i < rows + validation; i++) {
    const bytes = await picture(i)
    const image = { key: `${i}`, read: async () => bytes }
    await writer.add({ id: `${i}`, image, captions: { en: captions(words, i), de: captions(wörter, i) } }, i < rows ? 'train' : 'val')
    bar.update(i + 1)
  }
  await writer.finish()
  bar.stop()
  await rename(unfinished, out)
  return out
}

/** Two colours with an edge between them. */
function picture(i: number): Promise<Buffer> {
  const draw = random(64, i)
  const [one, two] = [0, 1].map(() => [256 * draw(), 256 * draw(), 256 * draw()])
  const [across, down, edge] = [draw() - 0.5, draw() - 0.5, 20 * (draw() - 0.5)]
  const pixels = Buffer.alloc(3 * size * size)
  for (let at = 0; at < size * size; at++) {
    const colour = across * ((at % size) - size / 2) + down * (Math.floor(at / size) - size / 2) < edge ? one! : two!
    for (let channel = 0; channel < 3; channel++) pixels[3 * at + channel] = colour[channel]!
  }
  return sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toBuffer()
}

function captions(list: readonly string[], i: number): string[] {
  const draw = random(65, i)
  const word = () => list[Math.floor(draw() * list.length)]!
  return [`${word()} ${word()} ${i}`, `${word()} ${word()} ${word()} ${i}`]
}

/** A teacher of random weights for these pictures and captions. */
export async function generatedTeacher(dir: string): Promise<string> {
  const out = join(dir, 'teacher')
  if (existsSync(out)) return out
  const tokenizerDir = join(dir, 'words')
  const texts = Array.from({ length: 2000 }, (_, i) => [...captions(words, i * 997), ...captions(wörter, i * 997)]).flat()
  await writeTokenizer(tokenizerDir, trainTokenizer(texts, { vocabSize: 400 }))
  const tower = { hidden_size: 32, intermediate_size: 64, num_hidden_layers: 1, num_attention_heads: 4 }
  const config = {
    projection_dim: 64,
    vision_config: { ...tower, image_size: size, patch_size: 16 },
    text_config: { ...tower, vocab_size: 400, max_position_embeddings: 32 },
  }
  const model = createDualEncoder(config, 1)
  const next = random(2)
  // As after training: an export stores equal tensors once, and fresh biases are all zeros.
  for (const { data } of Object.values(model.params)) data.forEach((value, i) => (data[i] = value + 0.02 * normal(next)))
  await exportFolder(model, { tokenizerDir, out, dtypes: ['fp32'], leaveOut: ['combined', 'safetensors'] })
  return out
}
