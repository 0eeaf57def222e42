import { setTimeout as sleep } from 'node:timers/promises'
import type { Job } from 'bullmq'
import { z } from 'zod'
import type { QueueAddress } from './address.ts'
import { queueName } from './bullmq.ts'
import { keyPrefix } from './plans.ts'
import { type Compute, deaths, isOfMachine } from './queue.ts'
import { connectionOf, loadBullmq, tellOutages } from './redis.ts'

export interface WorkOptions {
  /** Of the plan. */
  id: string
  compute: Compute
  /** Seconds after which a worker that says nothing loses its shard to another. */
  lockSeconds: number
  /** Ends the work after the shard at hand, once it says so. */
  isOver(): Promise<boolean>
  /** Milliseconds between two times that it is asked. */
  interval?: number
}

const shardSchema = z.object({ kind: z.enum(['image', 'text']), index: z.int().min(0) })

/**
 * Computes shards of a plan until it is over. `compute` must leave the event loop free, since the lock of a shard is renewed from here. A shard at which the
 * machine fails (a full disk) goes back to the others, uncounted.
 * @throws what the machine failed at
 */
export async function workOn(address: QueueAddress, { id, compute, lockSeconds, isOver, interval = 1000 }: WorkOptions): Promise<void> {
  const { Worker, WaitingError } = await loadBullmq()
  let failure: unknown
  const work = async (job: Job, token?: string): Promise<void> => {
    try {
      if (failure === undefined) return await compute(shardSchema.parse(job.data))
    } catch (error) {
      if (!isOfMachine(error)) throw error
      failure = error
    }
    await job.moveToWait(token)
    throw new WaitingError()
  }
  const worker = new Worker(queueName(id), work, {
    connection: connectionOf(address),
    prefix: keyPrefix,
    lockDuration: 1000 * lockSeconds,
    stalledInterval: 1000 * lockSeconds,
    maxStalledCount: deaths - 1,
    runRetryDelay: 1000,
    drainDelay: 1,
  })
  const isBack = tellOutages(address, worker)
  worker.on('active', isBack)
  try {
    while (failure === undefined && !(await isOver())) await sleep(interval)
  } finally {
    await worker.close()
  }
  if (failure !== undefined) throw failure
}
