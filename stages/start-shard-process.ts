import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { UserError } from '../base/errors.ts'
import { nodeArguments, ownModule } from '../base/own-modules.ts'
import type { Compute } from '../training/queue/queue.ts'
import type { FeatureIdentity } from './feature-plan.ts'
import type { FeaturesSettings } from './settings/features.ts'
import type { Failure, ShardReply, ShardRequest } from './shard-process.ts'

/** A process that computes shards, so that this one stays free to say that it lives. */
export interface ShardProcess {
  /** What it would compute features of. */
  identity: FeatureIdentity
  /** One shard at a time. Rejects where the process ends; the next shard gets another one. */
  compute: Compute
  close(): Promise<void>
}

/**
 * Starts it.
 * @throws UserError for a corpus or teacher that cannot be read
 */
export async function startShardProcess(settings: FeaturesSettings): Promise<ShardProcess> {
  let opened = await open(settings)
  return {
    identity: opened.identity,
    async compute(shard) {
      if (hasEnded(opened.child)) opened = await open(settings)
      await ask(opened.child, { compute: shard })
    },
    async close() {
      if (hasEnded(opened.child)) return
      opened.child.disconnect()
      await once(opened.child, 'exit')
    },
  }
}

async function open(settings: FeaturesSettings): Promise<{ child: ChildProcess; identity: FeatureIdentity }> {
  const child = fork(ownModule('stages/shard-process'), { serialization: 'advanced', execArgv: nodeArguments() })
  try {
    const reply = await ask(child, { open: settings })
    if (!('opened' in reply)) throw new Error('the process that computes shards did not open its plan')
    return { child, identity: reply.opened }
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}

function ask(child: ChildProcess, request: ShardRequest): Promise<Exclude<ShardReply, { failed: Failure }>> {
  return new Promise((resolve, reject) => {
    const settle = (how: () => void): void => {
      child.off('message', onMessage).off('exit', onExit).off('error', onError)
      how()
    }
    const onMessage = (reply: ShardReply): void => settle(() => ('failed' in reply ? reject(errorOf(reply.failed)) : resolve(reply)))
    const onExit = (code: number | null, signal: string | null): void =>
      settle(() => reject(new Error(`the process that computed it ended (${signal ?? `code ${code}`})`)))
    const onError = (error: Error): void => settle(() => reject(error))
    child.on('message', onMessage).on('exit', onExit).on('error', onError)
    child.send(request)
  })
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

function errorOf({ message, fields, ...system }: Failure): Error {
  if (!fields) return Object.assign(new Error(message), system)
  const { where, expected, got, hint } = fields
  return new UserError({ where, expected, got, hint })
}
