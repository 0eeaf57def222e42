import type { Sample, Split } from '../sample.ts'

/** Writes samples in one format, in the order in which they come. */
export interface Writer {
  add(sample: Sample, split: Split): Promise<void>
  finish(): Promise<void>
  /** Takes away what was written, where `add` or `finish` failed. */
  discard(): Promise<void>
}
