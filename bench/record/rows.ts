import { quantile } from '../../eval/latency.ts'

/** A number that was measured, once or several times. */
export interface Measurement {
  /** `ms`, `MB`, `GFLOP/s`. */
  unit: string
  /** All of them, in their order: what is compared is their median. */
  values: number[]
}

/** What a bench measured, by name. */
export type Rows = Record<string, Measurement>

export function measured(unit: string, ...values: number[]): Measurement {
  return { unit, values }
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}
