import { tf } from '../engine/tf.ts'
import type { TowerConfig } from './config.ts'

/** Bytes of a block's widest activation: a few such tensors fit into a processor's outer cache. docs/log.md has the measurement. */
const widest = 4.5 * 2 ** 20

/** How many images or texts of `tokens` tokens a training step sends through a tower at once; at least 1. */
export function blockSize({ intermediate_size: hidden }: TowerConfig, tokens: number): number {
  return Math.max(1, Math.floor(widest / (4 * tokens * hidden)))
}

/**
 * Runs `encode` on at most `size` rows at a time, in blocks of nearly equal size, and returns all rows of all its results: what a layer makes of
 * a block is still in the caches when the next one needs it. The same numbers as encode(...inputs) up to rounding: only the order of sums
 * over the batch differs. inputs [B, …] → [B, …].
 */
export function inBlocks<Name extends string>(
  size: number,
  encode: (...block: tf.Tensor[]) => Record<Name, tf.Tensor>,
  ...inputs: tf.Tensor[]
): Record<Name, tf.Tensor> {
  const rows = inputs[0]!.shape[0]! // B
  const count = Math.ceil(rows / size)
  if (count === 1) return encode(...inputs)
  const start = (block: number) => Math.floor((block * rows) / count)
  const part = (input: tf.Tensor, block: number) => {
    const from = input.shape.map((_, axis) => (axis === 0 ? start(block) : 0))
    return tf.slice(input, from, input.shape.with(0, start(block + 1) - start(block)))
  }
  const blocks = Array.from({ length: count }, (_, block) => encode(...inputs.map((input) => part(input, block))))
  const joined = (name: Name) =>
    tf.concat(
      blocks.map((block) => block[name]),
      0,
    )
  return Object.fromEntries((Object.keys(blocks[0]!) as Name[]).map((name) => [name, joined(name)])) as Record<Name, tf.Tensor>
}
