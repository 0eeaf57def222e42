/** Learning rate at a step (0-based). */
export type Schedule = (step: number) => number

/** Linear warm-up over `warmup` steps to `peak`, but at most half of `total`, then a cosine to 0 at `total`. */
export function warmupCosine(peak: number, steps: number, total: number): Schedule {
  const warmup = Math.min(steps, Math.floor(total / 2))
  return (step) => {
    if (step < warmup) return (peak * (step + 1)) / warmup
    const done = (step - warmup) / Math.max(total - warmup, 1)
    return 0.5 * peak * (1 + Math.cos(Math.PI * Math.min(done, 1)))
  }
}
