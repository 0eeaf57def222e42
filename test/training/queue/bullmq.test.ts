import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { featuresOfCorpus } from '../../../stages/features.ts'
import { featuresSettings } from '../../../stages/settings/features.ts'
import { queueAddress } from '../../../training/queue/address.ts'
import { bullmqQueue } from '../../../training/queue/bullmq.ts'
import { workOn } from '../../../training/queue/bullmq-worker.ts'
import { type Compute, type Shard, shardName } from '../../../training/queue/queue.ts'
import { requireQueue } from '../../../training/queue/redis.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { throwsUserError } from '../../user-error.ts'
import { conformance } from './conformance.ts'
import { freePort, redisServer } from './redis-server.ts'

/** A queue with workers in this process. What is computed counts as on disk. */
async function opened(url: string, computes: readonly Compute[]) {
  const address = queueAddress(url, {})
  const id = Math.random().toString(16).slice(2)
  const there = new Set<string>()
  let isOver = false
  const driver = await bullmqQueue(address, { id, there: async () => there, interval: 50 })
  const work = computes.map((compute) =>
    workOn(address, {
      ...{ id, lockSeconds: 30, interval: 50, isOver: async () => isOver },
      async compute(shard) {
        await compute(shard)
        there.add(shardName(shard))
      },
    }),
  )
  for (const one of work) one.catch(() => {}) // looked at when it is over
  return {
    queue: driver,
    async close() {
      isOver = true
      const ends = await Promise.allSettled(work)
      await driver.close()
      return ends
    },
  }
}

const server = new Map<ExecutionContext, string>()
conformance(test, 'BullMQ', {
  async open(compute, _, t) {
    if (!server.has(t)) server.set(t, (await redisServer(t)).url)
    const { queue, close } = await opened(server.get(t)!, [compute])
    return { queue, close: async () => void (await close()) }
  },
})

test('two workers share the shards; one whose disk is full gives its shard back, ends, and costs no try', async (t) => {
  const { url } = await redisServer(t)
  const shards = Array.from({ length: 12 }, (_, index): Shard => ({ kind: 'image', index }))
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' })
  let refused = 0
  const { queue, close } = await opened(url, [
    () => new Promise((resolve) => setTimeout(resolve, 20)),
    async () => {
      refused++
      throw full
    },
  ])
  const done: string[] = []
  t.deepEqual(await queue.run(shards, (shard) => void done.push(shardName(shard))), [])
  t.is(done.length, 12)
  t.is(refused, 1)
  const ends = await close()
  t.deepEqual(
    ends.map((end) => (end.status === 'rejected' ? end.reason : 'well')),
    ['well', full],
  )
})

for (const [title, settings, expected, got] of [
  ['one that evicts keys', ['--maxmemory-policy', 'allkeys-lru'], 'a server with maxmemory-policy noeviction', 'allkeys-lru'],
  ['one without an append-only file', ['--appendonly', 'no'], 'a server with an append-only file', 'one that forgets its jobs when it ends'],
  ['one that wants a password', ['--requirepass', 'secret-word'], 'credentials that it takes', 'none'],
] as const) {
  test(`refuses a server: ${title}`, async (t) => {
    const { url } = await redisServer(t, [...settings])
    await throwsUserError(t, () => requireQueue(queueAddress(url, {})), { where: url, expected, got })
  })
}

test('credentials come from the environment, and a URL with some is refused without being repeated', async (t) => {
  const { url, port } = await redisServer(t, ['--requirepass', 'secret-word'])
  await t.notThrowsAsync(requireQueue(queueAddress(url, { REDIS_PASSWORD: 'secret-word' })))
  const wrong = await throwsUserError(t, () => requireQueue(queueAddress(url, { REDIS_PASSWORD: 'other-word' })), {
    expected: 'credentials that it takes',
  })
  t.notRegex(wrong.message, /-word/)
  for (const text of [`redis://:secret-word@127.0.0.1:${port}`, `redis://me:secret-word@127.0.0.1:${port}`, `rediss//me:secret-word@127.0.0.1`]) {
    const { message } = await throwsUserError(t, () => queueAddress(text, {}), { where: '--queue' })
    t.notRegex(message, /secret/)
  }
})

for (const text of ['localhost', 'http://localhost', 'redis://', 'redis://h/x', 'redis://h?db=1', 'redis://h/0#x', '']) {
  test(`refuses as the address of a queue: ${text || 'nothing'}`, async (t) => {
    await throwsUserError(t, () => queueAddress(text, {}), { where: '--queue', got: text })
  })
}

test('addresses', (t) => {
  t.like(queueAddress('redis://h', {}), { host: 'h', port: 6379, db: 0, shown: 'redis://h' })
  t.like(queueAddress('rediss://h:7/3', { REDIS_USERNAME: 'u' }), { host: 'h', port: 7, db: 3, tls: {}, username: 'u' })
  t.is(queueAddress('redis://[::1]:7', {}).host, '::1')
})

test('features: a queue that cannot be reached is refused before corpus and teacher are opened, and nothing is written', async (t) => {
  const cacheDir = join(await temporaryFolder(t), 'cache')
  const queue = `redis://127.0.0.1:${await freePort()}`
  const asked = featuresSettings.parse({ corpus: 'not-there.csv', teacher: 'neither', cacheDir, queue })
  await throwsUserError(t, () => featuresOfCorpus(asked), { where: queue, expected: 'Redis or Valkey that answers', got: /ECONNREFUSED/ })
  await t.throwsAsync(readdir(cacheDir), { code: 'ENOENT' })
  await throwsUserError(t, () => featuresOfCorpus({ ...asked, shard: '0/2' }), { where: '--shard 0/2', got: 'both' })
})
