/** The process behind startShardProcess: opens corpus and teacher once and computes a shard at a time. */
import { UserError } from '../base/errors.ts'
import type { Shard } from '../training/queue/queue.ts'
import { type FeatureIdentity, type FeaturePlan, openFeaturePlan } from './feature-plan.ts'
import type { FeaturesSettings } from './settings/features.ts'

export type ShardRequest = { open: FeaturesSettings } | { compute: Shard }

/** A failure, in parts that pass between processes. */
export interface Failure {
  message: string
  /** Of a UserError. */
  fields?: UserError['fields']
  /** Of what the system refused. */
  code?: string
  syscall?: string
  path?: string
}

export type ShardReply = { opened: FeatureIdentity } | { done: true } | { failed: Failure }

if (process.send) serve()

function serve(): void {
  let plan: FeaturePlan | undefined
  process.on('SIGINT', () => {}) // meant for the worker, which ends this process once its shard is done
  process.on('disconnect', () => process.exit())
  process.on('message', async (request: ShardRequest) => {
    const reply = await answer(request).catch((error): ShardReply => ({ failed: failureOf(error) }))
    process.send!(reply)
  })

  async function answer(request: ShardRequest): Promise<ShardReply> {
    if ('compute' in request) {
      await plan!.compute(request.compute)
      return { done: true }
    }
    plan = await openFeaturePlan(request.open)
    return { opened: plan.identity }
  }
}

function failureOf(error: unknown): Failure {
  const { message, code, syscall, path } = error as NodeJS.ErrnoException
  return { message, code, syscall, path, ...(error instanceof UserError && { fields: error.fields }) }
}
