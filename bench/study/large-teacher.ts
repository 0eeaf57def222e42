import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { exportFolder } from '../../export/package.ts'
import type { ClipConfig } from '../../models/config.ts'
import { createDualEncoder, towerCounts } from '../../models/dual-encoder.ts'
import { loadTokenizer } from '../../tokenizers/load.ts'
import type { Place, World } from './place.ts'

/**
 * An ONNX teacher of some 80 M random weights (width 512, 12 layers, both towers) with the place's tokenizer, image size and dimension, in
 * the runs folder; made when missing. What it says is noise, what it costs is real.
 */
export async function largeTeacher({ teacher, runs, threads }: Place, { imageSize, embedDim }: World): Promise<{ dir: string; parameters: number }> {
  const { vocabSize, contextLength } = await loadTokenizer(teacher)
  const tower = { hidden_size: 512, intermediate_size: 2048, num_hidden_layers: 12, num_attention_heads: 8 }
  const config: ClipConfig = {
    projection_dim: embedDim,
    vision_config: { ...tower, image_size: imageSize, patch_size: imageSize / 8 },
    text_config: { ...tower, vocab_size: vocabSize, max_position_embeddings: contextLength },
  }
  const { image, text } = towerCounts(config)
  const dir = join(runs, `teacher-${vocabSize}-${imageSize}-${embedDim}`)
  if (!existsSync(dir)) {
    const options = { tokenizerDir: teacher, out: dir, dtypes: ['fp32' as const], leaveOut: ['combined' as const, 'safetensors' as const], threads }
    await exportFolder(createDualEncoder(config, 1), options)
  }
  return { dir, parameters: image + text }
}
