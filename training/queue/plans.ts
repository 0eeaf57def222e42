import { z } from 'zod'
import type { QueueAddress } from './address.ts'
import { connectionOf, loadBullmq, tellOutages } from './redis.ts'

export const keyPrefix = 'distilingual'
const plansKey = `${keyPrefix}:plans`

const schema = z.object({
  /** What the features are of: a worker has to come to the same. */
  identity: z.record(z.string(), z.string()),
  /** Settings of `features`; checked by whoever uses them. */
  settings: z.record(z.string(), z.unknown()),
  /** What stands in the file `plan-ID` of the cache folder: a worker that finds it there sees the same folder. */
  mark: z.string(),
})

/** What there is to compute, as workers read it. It holds no credentials. */
export type Plan = z.output<typeof schema>

/** The plans of a queue, by their ids. */
export interface Plans {
  put(id: string, plan: Plan): Promise<void>
  remove(id: string): Promise<void>
  list(): Promise<Map<string, Plan>>
  close(): void
}

/** The file in the cache folder that says whose it is. */
export function markFile(id: string): string {
  return `plan-${id}`
}

export async function openPlans(address: QueueAddress): Promise<Plans> {
  const { Redis } = await loadBullmq()
  const redis = new Redis(connectionOf(address))
  redis.on('ready', tellOutages(address, redis))
  return {
    async put(id, plan) {
      await redis.hset(plansKey, id, JSON.stringify(plan))
    },
    async remove(id) {
      await redis.hdel(plansKey, id)
    },
    async list() {
      const all = await redis.hgetall(plansKey)
      return new Map(Object.entries(all).map(([id, text]) => [id, schema.parse(JSON.parse(text))]))
    },
    close: () => redis.disconnect(),
  }
}
