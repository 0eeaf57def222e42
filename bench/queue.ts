import { randomUUID } from 'node:crypto'
import { UserError } from '../base/errors.ts'
import { queueAddress } from '../training/queue/address.ts'
import { bullmqQueue } from '../training/queue/bullmq.ts'
import { workOn } from '../training/queue/bullmq-worker.ts'
import { type Shard, shardName } from '../training/queue/queue.ts'
import { requireQueue } from '../training/queue/redis.ts'
import { measured, type Rows } from './record/rows.ts'
import type { Flags } from './subject.ts'

export const queueFlags = { queue: 'redis://127.0.0.1', shards: 2000, shardSeconds: 5 }

/** What the queue costs a shard: a worker takes shards that are nothing to compute; prints milliseconds, of wall and of this process' processor. */
export async function benchQueue(flags: Flags): Promise<Rows> {
  const { queue: url, shards: count, shardSeconds } = flags as typeof queueFlags
  if (!Number.isInteger(count) || count < 1)
    throw new UserError({ where: '--shards', expected: 'a whole number from 1', got: `${count}`, hint: 'Usual is 2000.' })
  const address = queueAddress(url)
  await requireQueue(address)
  const id = randomUUID()
  const there = new Set<string>()
  const queue = await bullmqQueue(address, { id, there: async () => there })
  const shards = Array.from({ length: count }, (_, index): Shard => ({ kind: 'image', index }))
  const [began, used] = [performance.now(), process.cpuUsage()]
  let ended = began
  const work = workOn(address, {
    ...{ id, lockSeconds: 30, isOver: async () => there.size === count },
    async compute(shard) {
      there.add(shardName(shard))
      ended = performance.now()
    },
  })
  await queue.run(shards, () => {})
  const { user, system } = process.cpuUsage(used)
  await work
  await queue.close()
  const [wall, processor] = [(ended - began) / count, (user + system) / 1000 / count]
  const share = (milliseconds: number) => ((100 * milliseconds) / (1000 * shardSeconds + milliseconds)).toFixed(2)
  console.log(`${count} shards: ${wall.toFixed(2)} ms each, ${processor.toFixed(2)} ms of the processor`)
  console.log(`of shards of ${shardSeconds} s: ${share(wall)} %, ${share(processor)} % of the processor`)
  return { 'a shard': measured('ms', wall), 'a shard, of the processor': measured('ms', processor) }
}
