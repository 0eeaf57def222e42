import { join } from 'node:path'
import { z } from 'zod'
import { scoreThresholds } from '../score-threshold.ts'
import type { FileFormat } from './dtypes.ts'
import { readConfigFile } from './read-config.ts'

const schema = z.object({
  model_type: z.string().nullish(),
  logit_scale_init_value: z.number().nullish(),
  projection_dim: z.number().nullish(),
  max_position_embeddings: z.number().nullish(),
  vision_config: z.object({ image_size: z.number().optional() }).nullish(),
  text_config: z.object({ max_position_embeddings: z.number().nullish() }).nullish(),
  score_threshold: scoreThresholds.nullish(),
})

/** Where every CLIP starts to learn its scale from, as files write it: ln(1/0.07), rounded. */
const untrainedScale = 2.6592

/** What config.json says. */
export interface ModelConfig {
  /** `clip`, `siglip`, `chinese_clip` …; '' where the folder does not say. */
  type: string
  imageSize?: number
  /** Rows of the text tower's position table. */
  positions?: number
  /** exp(logit_scale), where a trained one is there. */
  logitScale?: number
  /** E */
  projectionDim?: number
  /** Cosine below which nothing fits a text, by number format (see chooseThreshold). */
  scoreThresholds?: Partial<Record<FileFormat, number>>
}

/** @throws UserError for a config.json that does not parse */
export async function readModelConfig(dir: string): Promise<ModelConfig> {
  const config = (await readConfigFile(join(dir, 'config.json'), schema)) ?? {}
  const trained = config.logit_scale_init_value
  return {
    type: config.model_type ?? '',
    imageSize: config.vision_config?.image_size,
    positions: config.text_config?.max_position_embeddings ?? config.max_position_embeddings ?? undefined,
    logitScale: trained != null && Math.abs(trained - untrainedScale) > 1e-6 ? Math.exp(trained) : undefined,
    projectionDim: config.projection_dim ?? undefined,
    scoreThresholds: Object.fromEntries(Object.entries(config.score_threshold ?? {}).map(([dtype, { value }]) => [dtype, value])),
  }
}
