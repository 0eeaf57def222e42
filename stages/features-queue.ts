import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { closing } from '../base/closing.ts'
import { rm, writeFileAtomic } from '../base/disk.ts'
import type { QueueAddress } from '../training/queue/address.ts'
import { bullmqQueue } from '../training/queue/bullmq.ts'
import { markFile, openPlans } from '../training/queue/plans.ts'
import { type SetAside, type Shard, shardName } from '../training/queue/queue.ts'
import type { FeaturePlan } from './feature-plan.ts'
import type { FeaturesSettings } from './settings/features.ts'

export interface Waiting {
  /** Hears of every shard that is done. */
  update(shard: Shard): void
  onWorkers(count: number): void
}

/**
 * Puts a plan into a queue and waits until workers have computed what is missing; then compares every file with its checksum, and has those computed again that
 * were damaged. → shards that failed three times
 */
export function computeByQueue(plan: FeaturePlan, config: FeaturesSettings, address: QueueAddress, waiting: Waiting): Promise<SetAside[]> {
  const { cacheDir } = config
  const id = createHash('sha256').update(JSON.stringify(plan.identity)).digest('hex').slice(0, 16)
  const mark = randomUUID()
  const file = join(cacheDir, markFile(id))
  return closing(async (closeLater) => {
    const there = () => namesThere(plan)
    const queue = closeLater(await bullmqQueue(address, { id, there, onWorkers: waiting.onWorkers }), ({ close }) => close())
    const plans = closeLater(await openPlans(address), ({ close }) => close())
    await writeFileAtomic(file, mark)
    await plans.put(id, { identity: plan.identity, settings: settingsOfPlan(config), mark })
    const aside: SetAside[] = []
    let left = await missingByName(plan)
    do {
      aside.push(...(await queue.run(left, waiting.update)))
      left = await damagedOf(plan, aside)
    } while (left.length > 0)
    await plans.remove(id)
    await rm(file)
    return aside
  })
}

/** The settings that a plan has for its workers: nothing of the queue, and absolute paths. */
function settingsOfPlan({
  queue: _,
  shard: _1,
  skipFailed: _2,
  threads: _3,
  device: _4,
  imageTimeout: _5,
  ...settings
}: FeaturesSettings): Record<string, unknown> {
  const absolute = (path: string) => (existsSync(path) ? resolve(path) : path) // what is no file is a name: emoji
  const { corpus, imagesDir, teacher, cacheDir } = settings
  const places = { corpus: absolute(corpus), teacher: teacher.split('+').map(absolute).join('+'), cacheDir: resolve(cacheDir) }
  return { ...settings, ...places, ...(imagesDir !== undefined && { imagesDir: absolute(imagesDir) }) }
}

async function namesThere({ sets }: FeaturePlan): Promise<Set<string>> {
  const names = new Set<string>()
  for (const { kind, there } of sets) for (const index of await there()) names.add(shardName({ kind, index }))
  return names
}

async function missingByName(plan: FeaturePlan): Promise<Shard[]> {
  const there = await namesThere(plan)
  return plan.shards.filter((shard) => !there.has(shardName(shard)))
}

/** Shards whose files are not what their checksums say. */
async function damagedOf({ sets }: FeaturePlan, aside: readonly SetAside[]): Promise<Shard[]> {
  const known = new Set(aside.map(({ shard }) => shardName(shard)))
  const damaged: Shard[] = []
  for (const { kind, count, missing } of sets) {
    for (const index of await missing(new Set(Array.from({ length: count }).keys()))) damaged.push({ kind, index })
  }
  return damaged.filter((shard) => !known.has(shardName(shard)))
}
