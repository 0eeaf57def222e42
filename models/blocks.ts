import { tf } from '../engine/tf.ts'
import type { TowerConfig } from './config.ts'

/** Rows of a batch that go through a tower together. */
export interface Block {
  rows: number
  /** So many columns of inputs [B, T] are theirs; default: all, whatever the inputs' shape. */
  tokens?: number
}

/** Bytes of a block's widest activation: a few such tensors fit into a processor's outer cache. docs/log.md has the measurement. */
const widest = 4.5 * 2 ** 20
/** What a block costs beside its tokens, in tokens: its nodes, and adding its gradients to the others'. docs/log.md has the measurement. */
const price = 200

/** How many images or texts of `tokens` tokens a training step sends through a tower at once; at least 1. */
export function blockSize({ intermediate_size: hidden }: TowerConfig, tokens: number): number {
  return Math.max(1, Math.floor(widest / (4 * tokens * hidden)))
}

/** A batch of `rows` as blocks of nearly equal size, at most `size` rows each. */
export function evenBlocks(rows: number, size: number, tokens?: number): Block[] {
  const count = Math.ceil(rows / size)
  const start = (block: number) => Math.floor((block * rows) / count)
  return Array.from({ length: count }, (_, block) => ({ rows: start(block + 1) - start(block), tokens }))
}

/**
 * The cheapest blocks of a batch of texts that are sorted by length, longest first, and padded to the longest of their block: least Σ rows·tokens + price.
 * @param atLeast how many texts have t tokens or more, at most [T + 1]
 */
export function sortedBlocks(config: TowerConfig, atLeast: ArrayLike<number>): Block[] {
  const best: { cost: number; blocks: { rows: number; tokens: number }[] }[] = [{ cost: 0, blocks: [] }] // of texts of up to t tokens
  for (let tokens = 1; tokens < atLeast.length; tokens++) {
    const choices = best.map(({ cost, blocks }, shorter) => {
      const rows = atLeast[shorter + 1]! - (atLeast[tokens + 1] ?? 0)
      return rows === 0 ? { cost, blocks } : { cost: cost + rows * tokens + price, blocks: [{ rows, tokens }, ...blocks] }
    })
    best.push(choices.reduce((least, choice) => (choice.cost < least.cost ? choice : least)))
  }
  return best.at(-1)!.blocks.flatMap(({ rows, tokens }) => evenBlocks(rows, blockSize(config, tokens), tokens))
}

/**
 * Runs `encode` on one block of rows after the other and returns all rows of all its results: what a layer makes of
 * a block is still in the caches when the next one needs it. The same numbers as encode(...inputs) up to rounding: only the order of sums
 * over the batch differs. inputs [B, …] → [B, …].
 */
export function inBlocks<Name extends string>(
  blocks: Block[],
  encode: (...block: tf.Tensor[]) => Record<Name, tf.Tensor>,
  ...inputs: tf.Tensor[]
): Record<Name, tf.Tensor> {
  let start = 0
  const results = blocks.map(({ rows, tokens }) => {
    const part = (input: tf.Tensor) => {
      const from = input.shape.map((_, axis) => (axis === 0 ? start : 0))
      return tf.slice(input, from, tokens === undefined ? input.shape.with(0, rows) : [rows, tokens])
    }
    const result = encode(...inputs.map(part))
    start += rows
    return result
  })
  if (results.length === 1) return results[0]!
  const joined = (name: Name) =>
    tf.concat(
      results.map((result) => result[name]),
      0,
    )
  return Object.fromEntries((Object.keys(results[0]!) as Name[]).map((name) => [name, joined(name)])) as Record<Name, tf.Tensor>
}
