import { quantile } from '../../eval/latency.ts'
import type { LogLine } from '../../report/material.ts'
import type { Measures } from './job.ts'

/** Mean recall of the last validation, `recall.LANG`; nothing where none was logged. */
export function validationRecall(log: readonly LogLine[]): Measures {
  const prefix = 'validation_mean_recall_'
  const last = log.findLast((line) => line.language_gap !== undefined)
  return Object.fromEntries(
    Object.entries(last ?? {}).flatMap(([name, value]) => (name.startsWith(prefix) ? [[`recall.${name.slice(prefix.length)}`, Number(value)]] : [])),
  )
}

/**
 * `minutes` of training, validations included, and `secondsPerStep`, the median between log lines. A log's rates count from where its process
 * began, so a run that was resumed tells neither: its times would mix several machines' moods.
 */
export function trainingTime(log: readonly LogLine[], isWhole: boolean): Measures {
  const seconds = log.flatMap(({ step, stepsPerSecond }) => (stepsPerSecond ? [[step, step / stepsPerSecond] as const] : []))
  const last = seconds.at(-1)
  if (!isWhole || !last) return {}
  const between = seconds.slice(1).map(([step, time], i) => (time - seconds[i]![1]) / (step - seconds[i]![0]))
  return { minutes: last[1] / 60, ...(between.length > 0 && { secondsPerStep: quantile(between, 0.5) }) }
}

/** MB of this process's memory at its largest so far. */
export function peakMemory(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024)
}
