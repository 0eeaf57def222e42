import { UserError } from '../base/errors.ts'
import type { ClipConfig, TowerConfig } from './config.ts'

/**
 * Checks that a model of one configuration can be cut out of one of another.
 * @throws UserError for the first thing that cannot
 */
export function requireInheritable(source: ClipConfig, target: ClipConfig): void {
  const [images, texts] = [source.vision_config, source.text_config]
  equal('image size', images.image_size, target.vision_config.image_size, 'Positions of patches cannot be cut: give both the same image size.')
  equal('patch size', images.patch_size, target.vision_config.patch_size, 'Patches cannot be cut: give both the same patch size.')
  equal('vocabulary', texts.vocab_size, target.text_config.vocab_size, "Take the source's tokenizer: token tables are inherited row by row.")
  atMost('context length', texts.max_position_embeddings, target.text_config.max_position_embeddings)
  atMost('joint dimension', source.projection_dim, target.projection_dim)
  requireTower('image', images, target.vision_config)
  requireTower('text', texts, target.text_config)
}

function requireTower(name: string, from: TowerConfig, to: TowerConfig): void {
  if (from.intermediate_sizes || from.value_sizes)
    throw refusal(`layers of equal size in the source's ${name} tower`, 'a pruned one', 'Inherit from the model that it was pruned from.')
  atMost(`${name} layers`, from.num_hidden_layers, to.num_hidden_layers)
  atMost(`${name} width`, from.hidden_size, to.hidden_size)
  atMost(`${name} heads`, from.num_attention_heads, to.num_attention_heads)
  atMost(`${name} MLP width`, from.intermediate_size, to.intermediate_size)
  const headWidth = ({ hidden_size, num_attention_heads }: TowerConfig) => hidden_size / num_attention_heads
  equal(`channels per ${name} head`, headWidth(from), headWidth(to), 'Heads are inherited whole: choose sizes whose width per head is equal.')
}

function equal(what: string, source: number, target: number, hint: string): void {
  if (source !== target) throw refusal(`the source's ${what}, ${source}`, target, hint)
}

function atMost(what: string, source: number, target: number): void {
  if (target > source) throw refusal(`at most the source's ${what}, ${source}`, target, 'Inherit from a larger model, or choose a smaller student.')
}

function refusal(expected: string, got: number | string, hint: string): UserError {
  return new UserError({ where: '--inherit', expected, got: `${got}`, hint })
}
