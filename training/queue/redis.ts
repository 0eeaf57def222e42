import type { Queue, WaitingError, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { UserError } from '../../base/errors.ts'
import { notice } from '../../base/watch.ts'
import type { QueueAddress } from './address.ts'

/** What BullMQ and ioredis connect with: a command waits until the server is back. */
export function connectionOf({ shown: _, ...address }: QueueAddress) {
  return { ...address, maxRetriesPerRequest: null, retryStrategy: (times: number) => Math.min(100 * 2 ** Math.min(times, 10), 5000) }
}

/** What is used of bullmq and ioredis. */
interface Packages {
  Queue: typeof Queue
  Worker: typeof Worker
  WaitingError: typeof WaitingError
  Redis: typeof Redis
}

/**
 * bullmq and ioredis, which are installed by those who use a queue.
 * @throws UserError where they are not
 */
export async function loadBullmq(): Promise<Packages> {
  try {
    const [{ Queue, Worker, WaitingError }, { Redis }] = await Promise.all([import('bullmq'), import('ioredis')])
    return { Queue, Worker, WaitingError, Redis }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    const hint = 'Install them beside it: npm install bullmq ioredis.'
    throw new UserError({ where: '--queue', expected: 'the packages bullmq and ioredis', got: 'one that is not installed', hint })
  }
}

/**
 * Makes sure that a server answers and keeps what it is given.
 * @throws UserError where it does not answer, wants other credentials, evicts keys when memory is short, or writes no append-only file
 */
export async function requireQueue(address: QueueAddress): Promise<void> {
  const { Redis } = await loadBullmq()
  const once = { lazyConnect: true, connectTimeout: 5000, retryStrategy: () => null, maxRetriesPerRequest: 0 }
  const redis = new Redis({ ...connectionOf(address), ...once })
  let cause: Error | undefined
  redis.on('error', (error) => {
    cause = error
  })
  try {
    await redis.connect()
    requireKept(address, await redis.info())
  } catch (error) {
    if (error instanceof UserError) throw error
    throw unusable(address, cause ?? (error as Error))
  } finally {
    redis.disconnect()
  }
}

/** A server that forgets jobs would have shards computed again and again. */
function requireKept({ shown }: QueueAddress, info: string): void {
  const inInfo = (name: string) => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1]
  const policy = inInfo('maxmemory_policy')
  if (policy !== 'noeviction') {
    const hint = 'Set it with CONFIG SET maxmemory-policy noeviction, and in its configuration.'
    throw new UserError({ where: shown, expected: 'a server with maxmemory-policy noeviction', got: policy ?? 'none', hint })
  }
  if (inInfo('aof_enabled') === '1') return
  const hint = 'Set it with CONFIG SET appendonly yes, and in its configuration.'
  throw new UserError({ where: shown, expected: 'a server with an append-only file', got: 'one that forgets its jobs when it ends', hint })
}

function unusable({ shown, username, password }: QueueAddress, { message }: Error): UserError {
  if (/^(?:NOAUTH|WRONGPASS|NOPERM)|password/.test(message)) {
    const given = username || password ? 'those of REDIS_USERNAME and REDIS_PASSWORD' : 'none'
    return new UserError({ where: shown, expected: 'credentials that it takes', got: given, hint: 'Set REDIS_USERNAME and REDIS_PASSWORD.' })
  }
  const hint = 'Check that it runs and that this machine reaches it.'
  return new UserError({ where: shown, expected: 'Redis or Valkey that answers', got: message, hint })
}

/** Has a connection's errors heard of once an outage, not at every try. */
export function tellOutages(address: QueueAddress, emitter: { on(event: 'error', listener: (error: Error) => void): unknown }): () => void {
  let isOut = false
  emitter.on('error', (error) => {
    if (!isOutage(error) || isOut) return
    isOut = true
    notice(`${address.shown} is away (${error.message || (error as NodeJS.ErrnoException).code}): waiting for it`)
  })
  return () => {
    isOut = false
  }
}

function isOutage(error: Error): boolean {
  return ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND'].includes((error as NodeJS.ErrnoException).code ?? '')
}
