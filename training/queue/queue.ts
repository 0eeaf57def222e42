/** Some rows of a teacher's features, which are computed together. */
export interface Shard {
  kind: 'image' | 'text'
  /** Among those of its kind. */
  index: number
}

/** A shard that failed three times, or at which too many workers died. */
export interface SetAside {
  shard: Shard
  /** Why it failed last. */
  reason: string
}

/** What has shards computed: this process, a part of them on each of many machines, or workers behind a queue. */
export interface ShardQueue {
  /**
   * Has each of the shards computed at least once; computing one again does no harm. One that fails three times is set aside, and the others go on.
   * → those set aside
   * @throws what stops all of them: a disk that fails, a queue that cannot be reached, the reason of the watching program's signal
   */
  run(shards: readonly Shard[], update: (done: Shard) => void): Promise<SetAside[]>
}

export type Compute = (shard: Shard) => Promise<void>

/** How often a shard is tried. */
export const tries = 3

/**
 * How many workers may die or hang at a shard before it is set aside. Shards are computed in processes of their own, so it is mostly the machine that takes a
 * worker: of 1e9 pairs in two million shards, at 1 % deaths, some would meet three by chance; ten, none.
 */
export const deaths = 10

/** `image-00012`, as its file begins. */
export function shardName({ kind, index }: Shard): string {
  return `${kind}-${String(index).padStart(5, '0')}`
}

/** Whether a failure is the machine's and not the shard's, a system error such as ENOSPC: other shards would meet it as well. */
export function isOfMachine(error: unknown): boolean {
  return /^E[A-Z0-9]+$/.test(`${(error as NodeJS.ErrnoException).code}`)
}
