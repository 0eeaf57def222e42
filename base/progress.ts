import { Presets, SingleBar } from 'cli-progress'
import { rawStderr } from './printable.ts'
import { currentWatch, type Watch } from './watch.ts'

export interface Progress {
  /**
   * Moves to `done` units of work; `note` stands at the end of the line (a loss, a rate).
   * @throws the reason of the watching program's signal, once it is aborted
   */
  update(done: number, note?: string): void
  /** The same, for work that ends in its own way when it is called off. */
  show(done: number, note?: string): void
  stop(): void
}

/**
 * Shows a bar with rate and ETA on a terminal, and a plain line every few seconds elsewhere; a program that watches gets events instead.
 * Work done before (`from`, in a resumed run) counts towards the total, not towards the rate. Writes to stderr, so that a command's stdout stays clean.
 */
export function progress(label: string, total: number, unit = 'items', from = 0): Progress {
  const watch = currentWatch()
  return watch ? events(watch, label, total, unit) : bar(label, total, unit, from)
}

function events({ onProgress, signal }: Watch, label: string, total: number, unit: string): Progress {
  const show = (done: number, note?: string) => onProgress?.({ label, done, total, unit, note })
  signal?.throwIfAborted()
  return {
    show,
    update(done, note) {
      show(done, note)
      signal?.throwIfAborted()
    },
    stop() {},
  }
}

function bar(label: string, total: number, unit: string, from: number): Progress {
  const started = performance.now()
  const rate = (done: number) => {
    const perSecond = (done - from) / Math.max((performance.now() - started) / 1000, 1e-3)
    return perSecond >= 10 ? perSecond.toFixed(0) : perSecond.toFixed(2)
  }
  const bar = new SingleBar(
    {
      format: `${label} {bar} {percentage}% | {value}/{total} ${unit} | {rate}/s | ETA {eta_formatted} {note}`,
      stream: rawStderr(),
      noTTYOutput: true,
      notTTYSchedule: 10_000,
      etaBuffer: 50,
    },
    Presets.shades_classic,
  )
  bar.start(total, from, { rate: '-', note: '' })
  let last = ''
  const show = (done: number, note = last) => {
    last = note
    bar.update(done, { rate: rate(done), note })
  }
  return { show, update: show, stop: () => bar.stop() }
}
