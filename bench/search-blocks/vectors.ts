import { random } from '../../base/random.ts'
import { unitRows } from '../../eval/similarity.ts'
import { blockIds } from '../../search/index/block.ts'

export interface Generated {
  vectors: number
  dim: number
  seed: number
}

/** Queries of unit length [count, dim]. */
export function queriesOf({ dim, seed }: Generated, count: number): Float32Array {
  return unitRows(draw(count * dim, seed, 0), dim)
}

/** Of the blocks. */
export function blockNumbers({ vectors }: Generated): number[] {
  return Array.from({ length: Math.ceil(vectors / blockIds) }, (_, number) => number)
}

/** The vectors of a block, of unit length [rows, dim]. */
export function vectorsOf({ vectors, dim, seed }: Generated, number: number): Float32Array {
  return unitRows(draw(Math.min(blockIds, vectors - number * blockIds) * dim, seed, number + 1), dim)
}

/** Uniform from -1/2 to 1/2, by xorshift: base/random.ts would take most of the time. */
function draw(count: number, seed: number, part: number): Float32Array {
  let state = Math.floor(random(seed, part)() * 2 ** 32) | 1
  const values = new Float32Array(count)
  for (let i = 0; i < count; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    values[i] = state / 2 ** 32
  }
  return values
}
