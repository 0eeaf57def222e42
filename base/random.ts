/**
 * Seeded generators. Everything random in a run is a function of (seed, epoch, index),
 * so a resumed run draws exactly what the uninterrupted one would have drawn.
 */
export type Random = () => number // uniform in [0, 1)

/** Mixes integers into one 32-bit seed (xor-multiply avalanche, murmur3's finaliser). */
export function mixSeed(...parts: number[]): number {
  let hash = 0x9e3779b9
  for (const part of parts) {
    hash = Math.imul(hash ^ (part | 0), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    hash ^= hash >>> 16
  }
  return hash >>> 0
}

/** Returns a mulberry32 generator for the seed made of `parts`. */
export function random(...parts: number[]): Random {
  let state = mixSeed(...parts)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** One standard normal draw (Box–Muller). */
export function normal(next: Random): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
}

/** A uniformly random permutation of 0..n-1 (Fisher–Yates). */
export function permutation(n: number, next: Random): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i)
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1))
    const held = order[i]!
    order[i] = order[j]!
    order[j] = held
  }
  return order
}
