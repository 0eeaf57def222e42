import type { ExecutionContext, TestFn } from 'ava'
import type { Compute, Shard, ShardQueue } from '../../../training/queue/queue.ts'
import { shardName } from '../../../training/queue/queue.ts'

/** A driver, with whoever computes behind it. */
export interface Driver {
  /** Has shards computed by `compute`, in whatever process; `all` are those of the plan. */
  open(compute: Compute, all: readonly Shard[], t: ExecutionContext): Promise<{ queue: ShardQueue; close(): Promise<void> }>
}

const all: Shard[] = [
  ...Array.from({ length: 7 }, (_, index): Shard => ({ kind: 'image', index })),
  ...Array.from({ length: 4 }, (_, index): Shard => ({ kind: 'text', index })),
]

/** What every driver has to hold. */
export function conformance(test: TestFn, name: string, driver: Driver): void {
  /** Runs the shards; a shard fails as often as `failures` says by its name. */
  async function run(t: ExecutionContext, shards: readonly Shard[], failures: Record<string, number> = {}) {
    const computed: string[] = []
    const left = { ...failures }
    const { queue, close } = await driver.open(
      async (shard) => {
        computed.push(shardName(shard))
        if ((left[shardName(shard)] ?? 0) > 0) {
          left[shardName(shard)]!--
          throw new Error(`no ${shardName(shard)}`)
        }
      },
      all,
      t,
    )
    const done: string[] = []
    try {
      const aside = await queue.run(shards, (shard) => void done.push(shardName(shard)))
      return { computed, done: done.sort(), aside: aside.map(({ shard, reason }) => [shardName(shard), reason]) }
    } finally {
      await close()
    }
  }

  test(`${name}: every shard is computed and heard of, once where nothing fails`, async (t) => {
    const { computed, done, aside } = await run(t, all)
    t.deepEqual(computed.toSorted(), all.map(shardName).sort())
    t.deepEqual(done, all.map(shardName).sort())
    t.deepEqual(aside, [])
  })

  test(`${name}: only the shards that are asked for`, async (t) => {
    const some = [all[2]!, all[8]!]
    t.deepEqual((await run(t, some)).computed.toSorted(), some.map(shardName).sort())
    t.deepEqual(await run(t, []), { computed: [], done: [], aside: [] })
  })

  test(`${name}: a shard that fails twice is done at the third try`, async (t) => {
    const { computed, done, aside } = await run(t, all, { 'image-00003': 2 })
    t.is(computed.filter((shard) => shard === 'image-00003').length, 3)
    t.deepEqual(done, all.map(shardName).sort())
    t.deepEqual(aside, [])
  })

  test(`${name}: shards that fail three times are set aside with the reason, and the others are done`, async (t) => {
    const { computed, done, aside } = await run(t, all, { 'image-00003': 9, 'text-00001': 9 })
    t.deepEqual(aside.toSorted(), [
      ['image-00003', 'no image-00003'],
      ['text-00001', 'no text-00001'],
    ])
    t.is(computed.filter((shard) => shard === 'image-00003').length, 3)
    t.deepEqual(
      done,
      all
        .map(shardName)
        .filter((shard) => !['image-00003', 'text-00001'].includes(shard))
        .sort(),
    )
  })
}
