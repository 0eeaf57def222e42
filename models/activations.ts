import { type ClipConfig, hiddenUnits, type TowerConfig, valueChannels } from './config.ts'
import { patchCount } from './vision.ts'

/**
 * Numbers that a training step keeps of one image and of one text on the way forward, because the way back needs them.
 *
 *     layer(Q, T) = T·(3D + V) + Q·(3D + V + 2H + h·T)   input, norm, keys and values of T tokens; of the Q that go on queries, attention of h heads, both sums, norm, MLP
 *     tower(T)    = Σ layer(T, T), the last layer(1, T)   width D, hidden H, values V
 */
export function towerActivations(
  config: ClipConfig,
  { textLength, keptPatches = patchCount(config) }: { textLength: number; keptPatches?: number },
): { image: number; text: number } {
  return { image: encoderActivations(config.vision_config, keptPatches + 1), text: encoderActivations(config.text_config, textLength) }
}

function encoderActivations(config: TowerConfig, tokens: number): number {
  const { hidden_size: width, num_hidden_layers: layers, num_attention_heads: heads } = config
  let sum = 0
  for (let i = 0; i < layers; i++) {
    const [hidden, values] = [hiddenUnits(config, i), valueChannels(config, i)]
    const queries = i < layers - 1 ? tokens : 1
    sum += tokens * (3 * width + values) + queries * (3 * width + values + 2 * hidden + heads * tokens)
  }
  return sum
}
