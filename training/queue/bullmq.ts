import { setTimeout as sleep } from 'node:timers/promises'
import type { Queue } from 'bullmq'
import { currentWatch } from '../../base/watch.ts'
import type { QueueAddress } from './address.ts'
import { keyPrefix } from './plans.ts'
import { deaths, type SetAside, type Shard, type ShardQueue, shardName, tries } from './queue.ts'
import { connectionOf, loadBullmq, tellOutages } from './redis.ts'

export interface BullmqOptions {
  /** Of the plan; queues of different plans do not meet. */
  id: string
  /** Names of the shards that are done: what is on disk, whoever computed it. */
  there(): Promise<ReadonlySet<string>>
  /** Hears how many workers there are. */
  onWorkers?(count: number): void
  /** Milliseconds between looks at what is there. */
  interval?: number
}

/** A job is a shard; it holds nothing but its name, and is named so, so that it is there once. */
function jobOf(shard: Shard) {
  return { name: shard.kind, data: shard, opts: { jobId: shardName(shard), attempts: tries, removeOnComplete: true } }
}

export function queueName(id: string): string {
  return `features-${id}`
}

/**
 * Has shards computed by workers on any machine. What counts as done is what is on disk; jobs that Redis lost are put again. Interrupted, the jobs stay and
 * workers go on.
 */
export async function bullmqQueue(address: QueueAddress, options: BullmqOptions): Promise<ShardQueue & { close(): Promise<void> }> {
  const { Queue } = await loadBullmq()
  const queue = new Queue(queueName(options.id), { connection: connectionOf(address), prefix: keyPrefix })
  const isBack = tellOutages(address, queue)
  return {
    async run(shards, update) {
      await queue.clean(0, 0, 'failed') // of a run before: they get another chance
      await put(queue, shards)
      const aside = await waitFor(queue, shards, update, { ...options, isBack })
      await queue.obliterate({ force: true })
      return aside
    },
    close: () => queue.close(),
  }
}

async function put(queue: Queue, shards: readonly Shard[]): Promise<void> {
  for (let from = 0; from < shards.length; from += 1000) await queue.addBulk(shards.slice(from, from + 1000).map(jobOf))
}

async function waitFor(
  queue: Queue,
  shards: readonly Shard[],
  update: (shard: Shard) => void,
  { there, onWorkers, interval = 1000, isBack }: BullmqOptions & { isBack(): void },
): Promise<SetAside[]> {
  const left = new Map(shards.map((shard) => [shardName(shard), shard]))
  for (;;) {
    const done = await there()
    for (const [name, shard] of left) {
      if (!done.has(name)) continue
      left.delete(name)
      update(shard)
    }
    currentWatch()?.signal?.throwIfAborted()
    if (left.size === 0) return []
    const { failed = 0, ...open } = await queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized', 'failed')
    isBack()
    const aside = failed > 0 ? await setAside(queue, left) : []
    if (aside.length === left.size) return aside
    onWorkers?.(await queue.getWorkersCount())
    if (Object.values(open).every((count) => count === 0)) {
      const known = new Set([...(await there()), ...aside.map(({ shard }) => shardName(shard))])
      await put(
        queue,
        [...left.values()].filter((shard) => !known.has(shardName(shard))),
      )
    }
    await sleep(interval)
  }
}

async function setAside(queue: Queue, left: ReadonlyMap<string, Shard>): Promise<SetAside[]> {
  const failed = await queue.getFailed()
  return failed.flatMap(({ id, failedReason }) => {
    const shard = left.get(id ?? '')
    const reason = failedReason.startsWith(stalledReason) ? `${deaths} workers that had it died or hung` : failedReason
    return shard ? [{ shard, reason }] : []
  })
}

/** BullMQ's, for a job whose workers lost its lock too often. */
const stalledReason = 'job stalled more than'
