import { UserError } from '../base/errors.ts'
import { requireSpace } from '../base/free-space.ts'
import { progress } from '../base/progress.ts'
import { notice } from '../base/watch.ts'
import { writeSkipped } from '../run/skipped.ts'
import { queueAddress } from '../training/queue/address.ts'
import { inProcess } from '../training/queue/in-process.ts'
import { parsePart, partOf } from '../training/queue/part.ts'
import { type SetAside, type Shard, shardName } from '../training/queue/queue.ts'
import { requireQueue } from '../training/queue/redis.ts'
import { type FeaturePlan, openFeaturePlan } from './feature-plan.ts'
import { computeByQueue, type Waiting } from './features-queue.ts'
import type { FeaturesSettings } from './settings/features.ts'

/** Rows of the features of a corpus, and what they take on disk. */
export interface CorpusFeatures {
  images: number
  texts: number
  megabytes: number
}

/**
 * Computes a teacher's features of a corpus' train split, images and texts, as stage 1 with the same settings will look for them, or a part of them. What is
 * there already is checked and kept; a run that was killed goes on.
 * @throws UserError for a part that is out of range, a queue that cannot be used, a corpus or teacher that cannot be read, a disk without room, and, without
 *   `skipFailed`, rows that could not be computed in three tries
 */
export async function featuresOfCorpus(config: FeaturesSettings): Promise<CorpusFeatures> {
  requireOne(config)
  const part = config.shard === undefined ? undefined : parsePart(config.shard)
  const address = config.queue === undefined ? undefined : queueAddress(config.queue)
  if (address) await requireQueue(address)
  const plan = await openFeaturePlan(config)
  try {
    await writeSkipped(config.cacheDir, plan)
    for (const set of plan.sets) await set.open()
    const before = await thereOf(plan)
    await requireSpace(config.cacheDir, bytesOf(plan) * (1 - before.size / plan.shards.length), {
      what: "the teacher's features",
      hint: 'Free some space, or name another --cache-dir.',
    })
    const here = inProcess(plan.compute)
    const queue = part ? partOf(part, plan.shards, here) : here
    const aside = await withBar(plan, before, (waiting) =>
      address ? computeByQueue(plan, config, address, waiting) : queue.run(plan.shards, waiting.update),
    )
    if (aside.length > 0) reportAside(plan, aside, config)
    const [images, texts] = (['image', 'text'] as const).map((kind) => plan.sets.find((set) => set.kind === kind)?.rows ?? 0)
    return { images: images!, texts: texts!, megabytes: bytesOf(plan) / 1e6 }
  } finally {
    await plan.close()
  }
}

/** Shards whose files are there when the run begins. They are checked all the same, and count towards the total, not towards the rate. */
async function thereOf({ sets, shards }: FeaturePlan): Promise<Set<Shard>> {
  const there = new Map<string, Set<number>>()
  for (const set of sets) there.set(set.kind, await set.there())
  return new Set(shards.filter(({ kind, index }) => there.get(kind)!.has(index)))
}

function withBar<T>(plan: FeaturePlan, before: ReadonlySet<Shard>, run: (waiting: Waiting) => Promise<T>): Promise<T> {
  const names = new Set([...before].map(shardName))
  const rowsIn = (shard: Shard) => {
    const { from, to } = plan.setOf(shard).rowsOf(shard.index)
    return to - from
  }
  let done = [...before].reduce((sum, shard) => sum + rowsIn(shard), 0)
  const total = plan.sets.reduce((sum, { rows }) => sum + rows, 0)
  const bar = progress('teacher features', total, 'rows', done)
  const update = (shard: Shard) => bar.update(names.has(shardName(shard)) ? done : (done += rowsIn(shard)))
  const onWorkers = (count: number) =>
    bar.update(done, count === 0 ? 'no workers: start distilingual worker --queue' : count === 1 ? '1 worker' : `${count} workers`)
  return run({ update, onWorkers }).finally(bar.stop)
}

/** @throws UserError where both a queue and a part are named */
function requireOne({ queue, shard }: FeaturesSettings): void {
  if (queue === undefined || shard === undefined) return
  const hint = 'Workers of a queue share all shards: leave out --shard, or --queue.'
  throw new UserError({ where: `--shard ${shard}`, expected: 'no part where there is a --queue', got: 'both', hint })
}

function bytesOf({ sets }: FeaturePlan): number {
  return sets.reduce((sum, { rows, rowBytes }) => sum + rows * rowBytes, 0)
}

const named = 10

/** @throws UserError that says which rows lack and why, unless the run is to go on without them */
function reportAside(plan: FeaturePlan, aside: readonly SetAside[], { corpus, skipFailed }: FeaturesSettings): void {
  const lines = aside.slice(0, named).map(({ shard, reason }) => {
    const { from, to } = plan.setOf(shard).rowsOf(shard.index)
    return `rows ${from} to ${to - 1} of ${shard.kind}s (${reason})`
  })
  const got = `none of ${lines.join('; ')}${aside.length > named ? `; and ${aside.length - named} shards more` : ''}`
  if (skipFailed) return notice(`${corpus}: ${got}; gone on without them`)
  const hint = 'Mend what the reasons name and run the same command again, or end well without them: --skip-failed.'
  throw new UserError({ where: `features of ${corpus}`, expected: 'those of all rows, in three tries', got, hint })
}
