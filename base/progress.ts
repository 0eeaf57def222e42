import { Presets, SingleBar } from 'cli-progress'

export interface Progress {
  /** Moves to `done` units of work; `note` stands at the end of the line (a loss, a rate). */
  update(done: number, note?: string): void
  stop(): void
}

/**
 * Shows a bar with rate and ETA on a terminal, and a plain line every few seconds elsewhere.
 * Work done before (`from`, in a resumed run) counts towards the total, not towards the rate. Writes to stderr, so that a command's stdout stays clean.
 */
export function progress(label: string, total: number, unit = 'items', from = 0): Progress {
  const started = performance.now()
  const rate = (done: number) => {
    const perSecond = (done - from) / Math.max((performance.now() - started) / 1000, 1e-3)
    return perSecond >= 10 ? perSecond.toFixed(0) : perSecond.toFixed(2)
  }
  const bar = new SingleBar(
    {
      format: `${label} {bar} {percentage}% | {value}/{total} ${unit} | {rate}/s | ETA {eta_formatted} {note}`,
      stream: process.stderr,
      noTTYOutput: true,
      notTTYSchedule: 10_000,
      etaBuffer: 50,
    },
    Presets.shades_classic,
  )
  bar.start(total, from, { rate: '-', note: '' })
  let last = ''
  return {
    update: (done, note = last) => {
      last = note
      bar.update(done, { rate: rate(done), note })
    },
    stop: () => bar.stop(),
  }
}
