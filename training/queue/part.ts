import { UserError } from '../../base/errors.ts'
import { type Shard, type ShardQueue, shardName } from './queue.ts'

/** One of `of` parts of all shards, counted from 0. */
export interface Part {
  index: number
  of: number
}

/**
 * `--shard 3/8` → the fourth of eight parts, as SLURM_ARRAY_TASK_ID and JOB_COMPLETION_INDEX count.
 * @throws UserError for anything else, and for an index that is out of range
 */
export function parsePart(text: string): Part {
  const [, index, of] = /^(\d{1,9})\/(\d{1,9})$/.exec(text) ?? []
  const part = { index: Number(index), of: Number(of) }
  if (index !== undefined && part.index < part.of) return part
  const last = part.of > 0 ? `0/${part.of} to ${part.of - 1}/${part.of}` : 'i/n with i from 0 to n - 1'
  throw new UserError({ where: '--shard', expected: last, got: text, hint: 'Indices begin at 0, as those of array jobs do by default.' })
}

/**
 * Has every n-th of the shards computed by `queue`. Which these are depends on `all` alone and not on what is still missing, so that n processes that start at
 * different times compute every shard once.
 */
export function partOf({ index, of }: Part, all: readonly Shard[], queue: ShardQueue): ShardQueue {
  const mine = new Set(all.filter((_, place) => place % of === index).map(shardName))
  return {
    run: (shards, update) =>
      queue.run(
        shards.filter((shard) => mine.has(shardName(shard))),
        update,
      ),
  }
}
