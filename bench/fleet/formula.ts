import type { Fleet } from './simulate.ts'

/**
 * Seconds that a fleet takes, without its end, at which some workers have nothing to do (docs/scale.md): n / Σw 1/tw for each kind of shard, where
 * tw = kw · s · (1 + ½ p / (1 − p)) + (o + p · R) / (1 − p) is what a shard takes worker w, kw times slower than usual: s seconds computing, o in the queue;
 * with probability p it dies at one, half way on average, and is back after R seconds.
 */
export function expectedSeconds({ workers, slowShare, slowness, shards, queueSeconds, failShare: p, restartSeconds }: Fleet): number {
  const slow = Math.ceil(slowShare * workers)
  const timeOf = (seconds: number) => seconds * (1 + (0.5 * p) / (1 - p)) + (queueSeconds + p * restartSeconds) / (1 - p)
  const rate = (seconds: number) => (workers - slow) / timeOf(seconds) + slow / timeOf(slowness * seconds)
  return shards.reduce((sum, { count, seconds }) => sum + (count === 0 ? 0 : count / rate(seconds)), 0)
}

/** Seconds that its end may add: the slowest worker takes the last shard, which a dead one had held. */
export function mostAtEnd({ slowness, slowShare, shards, lockSeconds }: Fleet): number {
  const longest = Math.max(...shards.map(({ seconds }) => seconds))
  return (1 + (slowShare > 0 ? slowness : 1)) * longest + 2 * lockSeconds
}
