/** How long steps wait for what they are computed from. */
export interface Waiting {
  /** Takes the time until `make` has made its data. One at a time: what waits twice at once would count twice. */
  until<T>(make: () => Promise<T>): Promise<T>
  /** Milliseconds so far. */
  sum(): number
}

/** Counts from 0. */
export function openWaiting(): Waiting {
  let sum = 0
  return {
    async until(make) {
      const began = performance.now()
      try {
        return await make()
      } finally {
        sum += performance.now() - began
      }
    },
    sum: () => sum,
  }
}
