import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { closing } from '../base/closing.ts'
import { UserError } from '../base/errors.ts'
import { notice } from '../base/watch.ts'
import { type QueueAddress, queueAddress } from '../training/queue/address.ts'
import { workOn } from '../training/queue/bullmq-worker.ts'
import { markFile, openPlans, type Plan, type Plans } from '../training/queue/plans.ts'
import { shardName } from '../training/queue/queue.ts'
import { requireQueue } from '../training/queue/redis.ts'
import { featureVersion } from './feature-version.ts'
import { type FeaturesSettings, featuresSettings } from './settings/features.ts'
import type { WorkerSettings } from './settings/worker.ts'
import { startShardProcess } from './start-shard-process.ts'

/** How often it is looked for plans, ms. */
const interval = 1000
/** After so long without a shard, a worker looks at another plan, if there is one, ms. */
const idle = 5000

/**
 * Computes shards of the features that others plan with `features --queue`, until it is interrupted; the shard at hand is done first.
 * @throws UserError for a queue that cannot be used, and, before anything is computed, for a plan that this worker would compute other features for
 */
export function work(config: WorkerSettings): Promise<void> {
  const address = queueAddress(config.queue)
  return closing(async (closeLater) => {
    await requireQueue(address)
    const plans = closeLater(await openPlans(address), ({ close }) => close())
    let isStopped = false
    const stop = () => {
      isStopped = true
    }
    for (const signal of ['SIGINT', 'SIGTERM'] as const) closeLater(process.once(signal, stop), (process) => process.off(signal, stop))
    let last: string | undefined
    while (!isStopped) {
      const next = pick(await plans.list(), last)
      if (next) {
        last = next.id
        await workOnPlan(next, { address, plans, config, isStopped: () => isStopped })
      } else if (config.once) return
      else await sleep(interval)
    }
  })
}

/** The plan after the one of before, round about. */
function pick(plans: ReadonlyMap<string, Plan>, last: string | undefined): { id: string; plan: Plan } | undefined {
  const ids = [...plans.keys()].sort()
  const id = ids.find((one) => last !== undefined && one > last) ?? ids[0]
  return id === undefined ? undefined : { id, plan: plans.get(id)! }
}

interface Work {
  address: QueueAddress
  plans: Plans
  config: WorkerSettings
  isStopped(): boolean
}

function workOnPlan({ id, plan }: { id: string; plan: Plan }, { address, plans, config, isStopped }: Work): Promise<void> {
  return closing(async (closeLater) => {
    const settings = settingsHere(plan, id, config)
    await requireSameFolder(settings.cacheDir, id, plan)
    const process = closeLater(await startShardProcess(settings), ({ close }) => close())
    requireSame(id, plan, process.identity)
    notice(`worker: computes shards of plan ${id} (${process.identity.corpus})`)
    let [active, lastActive] = [0, Date.now()]
    await workOn(address, {
      id,
      lockSeconds: config.lockSeconds,
      interval,
      async compute(shard) {
        active++
        const began = Date.now()
        try {
          await process.compute(shard)
          notice(`worker: ${shardName(shard)} in ${((Date.now() - began) / 1000).toFixed(1)} s`)
        } finally {
          active--
          lastActive = Date.now()
        }
      },
      async isOver() {
        if (isStopped()) return true
        const all = await plans.list()
        return all.get(id)?.mark !== plan.mark || (all.size > 1 && active === 0 && Date.now() - lastActive > idle)
      },
    })
  })
}

/** The plan's settings, with places as they are on this machine. */
function settingsHere({ identity, settings }: Plan, id: string, config: WorkerSettings): FeaturesSettings {
  requireEqual(id, 'version', identity.version, featureVersion())
  const { corpus, imagesDir, teacher, cacheDir, threads, device, imageTimeout } = config
  const here = Object.entries({ corpus, imagesDir, teacher, cacheDir, threads, device, imageTimeout }).filter(([, value]) => value !== undefined)
  const parsed = featuresSettings.safeParse({ ...settings, ...Object.fromEntries(here) })
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw new UserError({ where: `plan ${id}: ${path.join('.')}`, expected: 'settings of features', got: message, hint: 'Begin it anew.' })
}

async function requireSameFolder(cacheDir: string, id: string, { mark }: Plan): Promise<void> {
  const file = join(cacheDir, markFile(id))
  const found = await readFile(file, 'utf8').catch(() => undefined)
  if (found === mark) return
  const got = found === undefined ? 'no such file' : 'the file of another'
  const hint = 'Share that folder, and name where it is on this machine with --cache-dir; a plan that was given up is begun anew by its command.'
  throw new UserError({ where: file, expected: `the mark of plan ${id}, which lies in its cache folder`, got, hint })
}

function requireSame(id: string, { identity }: Plan, own: Record<string, string>): void {
  for (const [name, value] of Object.entries(identity)) requireEqual(id, name, value, own[name] ?? 'none')
}

function requireEqual(id: string, name: string, expected: string | undefined, got: string): void {
  if (expected === got) return
  const hint = 'A worker computes the very features that were planned: give it the same version, teacher and files.'
  throw new UserError({ where: `plan ${id}`, expected: `${name} ${expected}`, got, hint })
}
