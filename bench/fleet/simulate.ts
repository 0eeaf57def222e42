import { random } from '../../base/random.ts'
import { deaths as mostDeaths } from '../../training/queue/queue.ts'
import { eventHeap } from './event-heap.ts'

/** Workers at a queue of shards. Times are in seconds. */
export interface Fleet {
  workers: number
  /** Part of them that is slower, and how many times. */
  slowShare: number
  slowness: number
  /** Kinds of shards, one after the other, with what one takes on a usual worker. */
  shards: readonly { count: number; seconds: number }[]
  /** What the queue costs a shard. */
  queueSeconds: number
  /** Probability that a worker dies at a shard. */
  failShare: number
  /** Until a worker that died is back. */
  restartSeconds: number
  /** A dead worker's shard goes to another after one to two of these. */
  lockSeconds: number
  seed: number
}

interface Event {
  at: number
  /** The worker that is free; absent: a shard comes back. */
  worker?: number
  shard?: Shard
}

interface Shard {
  seconds: number
  deaths: number
}

/**
 * Plays a fleet through, event by event: every free worker takes the next shard; it computes it, or dies at it after a part of the time drawn evenly.
 * → seconds until the last shard is done, deaths of workers, shards set aside
 */
export function simulate(fleet: Fleet): { seconds: number; deaths: number; aside: number } {
  const { workers, slowShare, slowness, queueSeconds, failShare, restartSeconds, lockSeconds, seed } = fleet
  const draw = random(seed)
  const events = eventHeap<Event>()
  const fresh = freshShards(fleet)
  const back: Shard[] = []
  const idle: number[] = []
  let [seconds, deaths, aside] = [0, 0, 0]
  const start = (at: number, worker: number, shard: Shard): void => {
    const whole = queueSeconds + shard.seconds * (worker < slowShare * workers ? slowness : 1)
    if (draw() >= failShare) {
      seconds = Math.max(seconds, at + whole)
      events.push({ at: at + whole, worker })
      return
    }
    const died = at + draw() * whole
    deaths++
    events.push({ at: died + restartSeconds, worker })
    events.push({ at: died + lockSeconds * (1 + draw()), shard: { ...shard, deaths: shard.deaths + 1 } })
  }
  for (let worker = 0; worker < workers; worker++) events.push({ at: 0, worker })
  for (let event = events.pop(); event; event = events.pop()) {
    if (event.shard && event.shard.deaths === mostDeaths) aside++
    else if (event.shard) back.push(event.shard)
    if (event.worker !== undefined) idle.push(event.worker)
    while (idle.length > 0) {
      const shard = back.shift() ?? fresh.next()
      if (!shard) break
      start(event.at, idle.pop()!, shard)
    }
  }
  return { seconds, deaths, aside }
}

function freshShards({ shards }: Fleet): { next(): Shard | undefined } {
  let [kind, taken] = [0, 0]
  return {
    next() {
      while (kind < shards.length && taken === shards[kind]!.count) [kind, taken] = [kind + 1, 0]
      if (kind === shards.length) return undefined
      taken++
      return { seconds: shards[kind]!.seconds, deaths: 0 }
    },
  }
}
