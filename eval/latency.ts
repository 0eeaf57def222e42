/** Something to be timed. */
export interface Candidate {
  name: string
  run(): Promise<unknown>
}

export interface Latency {
  name: string
  /** Milliseconds: the median, and what one run in twenty exceeds. */
  p50: number
  p95: number
  /** Median milliseconds of processor time, all threads of this process together; other programs do not lengthen it. */
  cpu50: number
  runs: number
}

/**
 * Times candidates in turn, one run of each a round in an order that rotates: whatever else the machine is doing then slows all
 * of them alike, and medians can be compared.
 * @param options.rounds runs of each that count; default 50
 * @param options.warmup runs of each before; default 5
 * @param options.settle runs of a candidate right before each of its runs that count, so that it finds in the processor's cache what it left there,
 *   not what the others did; default 0
 */
export async function interleavedLatency(
  candidates: Candidate[],
  options: { rounds?: number; warmup?: number; settle?: number } = {},
): Promise<Latency[]> {
  const { rounds = 50, warmup = 5, settle = 0 } = options
  const times = candidates.map((): number[] => [])
  const cpuTimes = candidates.map((): number[] => [])
  for (let round = -warmup; round < rounds; round++) {
    for (let turn = 0; turn < candidates.length; turn++) {
      const chosen = (turn + round + warmup) % candidates.length
      for (let i = 0; i < settle; i++) await candidates[chosen]!.run()
      const before = process.cpuUsage()
      const start = performance.now()
      await candidates[chosen]!.run()
      const wall = performance.now() - start
      const { user, system } = process.cpuUsage(before) // microseconds
      if (round < 0) continue
      times[chosen]!.push(wall)
      cpuTimes[chosen]!.push((user + system) / 1000)
    }
  }
  return candidates.map(({ name }, i) => ({
    name,
    p50: quantile(times[i]!, 0.5),
    p95: quantile(times[i]!, 0.95),
    cpu50: quantile(cpuTimes[i]!, 0.5),
    runs: rounds,
  }))
}

/** The value below which the share `q` of `values` lies, between neighbours by proportion. NaN when empty. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const place = q * (sorted.length - 1)
  const low = sorted[Math.floor(place)] ?? NaN
  const high = sorted[Math.ceil(place)] ?? NaN
  return low + (high - low) * (place - Math.floor(place))
}
