import { readFile } from 'node:fs/promises'
import test from 'ava'
import { inProcess } from '../../../training/queue/in-process.ts'
import { partOf } from '../../../training/queue/part.ts'
import type { Shard } from '../../../training/queue/queue.ts'
import { conformance } from './conformance.ts'

const close = async () => {}

conformance(test, 'in-process', { open: async (compute) => ({ queue: inProcess(compute), close }) })

for (const count of [1, 3, 20]) {
  conformance(test, `${count} parts`, {
    open: async (compute, all) => {
      const parts = Array.from({ length: count }, (_, index) => partOf({ index, of: count }, all, inProcess(compute)))
      return { queue: { run: async (shards, update) => (await Promise.all(parts.map((part) => part.run(shards, update)))).flat() }, close }
    },
  })
}

const shards = Array.from({ length: 5 }, (_, index): Shard => ({ kind: 'image', index }))

test('what the machine fails at stops all of them at the first', async (t) => {
  let tried = 0
  const queue = inProcess(async () => {
    tried++
    await readFile('/no/such/file')
  })
  await t.throwsAsync(
    queue.run(shards, () => {}),
    { code: 'ENOENT' },
  )
  t.is(tried, 1)
})

test('a part has its shards whatever is still missing', async (t) => {
  const computed: number[] = []
  const part = partOf(
    { index: 1, of: 2 },
    shards,
    inProcess(async ({ index }) => void computed.push(index)),
  )
  await part.run(shards.slice(2), () => {})
  t.deepEqual(computed, [3])
})
