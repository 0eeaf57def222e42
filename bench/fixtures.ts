import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { normal, random } from '../base/random.ts'
import { type ClipConfig, preset } from '../models/config.ts'
import { createDualEncoder } from '../models/dual-encoder.ts'
import { writeModelFolder } from '../models/folder.ts'
import { trainTokenizer, writeTokenizer } from '../tokenizers/train.ts'

const configs = {
  tiny: preset('tiny', { vocabSize: 300, contextLength: 16, imageSize: 32, embedDim: 64 }),
  /** No number like another, so that none can be taken for another. */
  odd: {
    projection_dim: 40,
    vision_config: { hidden_size: 96, intermediate_size: 200, num_hidden_layers: 2, num_attention_heads: 3, image_size: 48, patch_size: 16 },
    text_config: {
      hidden_size: 64,
      intermediate_size: 136,
      num_hidden_layers: 4,
      num_attention_heads: 2,
      vocab_size: 311,
      max_position_embeddings: 12,
    },
  },
} satisfies Record<string, ClipConfig>
export type FixtureName = keyof typeof configs
export const fixtureNames = Object.keys(configs) as FixtureName[]

/** Writes a model folder with weights that a seed decides, biases and norms included. */
export async function writeFixture(name: FixtureName, dir: string): Promise<void> {
  const model = createDualEncoder(configs[name], 1)
  const next = random(2)
  for (const { data } of Object.values(model.params)) for (let i = 0; i < data.length; i++) data[i]! += 0.05 * normal(next)
  const tokenizer = await mkdtemp(join(tmpdir(), 'tokenizer-'))
  try {
    await writeTokenizer(tokenizer, trainTokenizer(['a red apple', '红色的苹果'], { vocabSize: 300 }))
    await writeModelFolder(dir, model, tokenizer)
  } finally {
    await rm(tokenizer, { recursive: true })
  }
}
