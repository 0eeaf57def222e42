/** A small corpus and two small teachers, for tests of stage 1. */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { exportFolder } from '../../export/package.ts'
import { createDualEncoder } from '../../models/dual-encoder.ts'
import { trainTokenizer, writeTokenizer } from '../../tokenizers/train.ts'

const colours = ['rot', 'grün', 'blau', 'gelb']
const couleurs = ['rouge', 'vert', 'bleu', 'jaune']

/** 24 one-coloured images in four classes, with and without a class column, and two untrained teachers of different kinds. */
export async function makeFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'distilingual-stage1-'))
  const rows: string[][] = []
  for (let i = 0; i < 24; i++) {
    const background = { r: (i * 37) % 256, g: (i * 91) % 256, b: (i * 53) % 256 }
    await sharp({ create: { width: 32, height: 32, channels: 3, background } })
      .png()
      .toFile(join(dir, `${i}.png`))
    const cells = [`${i}.png`, `ein Bild ${colours[i % 4]} ${i}`, `une image ${couleurs[i % 4]} ${i}`, 'train', colours[i % 4]!]
    rows.push([...cells, i < 18 ? `farm ${i % 3}` : '', `p${i}`])
  }
  const table = (header: string, columns: number) => [header, ...rows.map((row) => row.slice(0, columns).join())].join('\n')
  await writeFile(join(dir, 'classes.csv'), table('image,de,fr,split,class', 5))
  await writeFile(join(dir, 'plain.csv'), table('image,de,fr,split', 4))
  await writeFile(join(dir, 'farms.csv'), table('image,de,fr,split,class,farm,serial', 7))
  await writeTokenizer(
    join(dir, 'words'),
    trainTokenizer(
      rows.flatMap(([, de, fr]) => [de!, fr!]),
      { vocabSize: 300 },
    ),
  )
  const tower = { hidden_size: 16, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 4 }
  for (const [name, projection_dim, image_size] of [
    ['first', 16, 32],
    ['second', 12, 48],
  ] as const) {
    const text_config = { ...tower, vocab_size: 300, max_position_embeddings: 32 }
    const config = { projection_dim, vision_config: { ...tower, image_size, patch_size: 8 }, text_config }
    await exportFolder(createDualEncoder(config, image_size), {
      tokenizerDir: join(dir, 'words'),
      out: join(dir, name),
      dtypes: ['fp32'],
      leaveOut: ['combined'],
    })
  }
  return dir
}
