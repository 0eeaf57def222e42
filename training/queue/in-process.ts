import { currentWatch } from '../../base/watch.ts'
import { type Compute, isOfMachine, type SetAside, type Shard, type ShardQueue, tries } from './queue.ts'

/** Computes the shards in this process, one after the other. */
export function inProcess(compute: Compute): ShardQueue {
  return {
    async run(shards, update) {
      const aside: SetAside[] = []
      for (const shard of shards) {
        const reason = await attempt(compute, shard)
        if (reason === undefined) update(shard)
        else aside.push({ shard, reason })
      }
      return aside
    },
  }
}

/** → why the shard failed last, if it always did */
async function attempt(compute: Compute, shard: Shard): Promise<string | undefined> {
  let reason: string | undefined
  for (let made = 0; made < tries; made++) {
    try {
      await compute(shard)
      return undefined
    } catch (error) {
      currentWatch()?.signal?.throwIfAborted()
      if (isOfMachine(error)) throw error
      reason = (error as Error).message
    }
  }
  return reason
}
