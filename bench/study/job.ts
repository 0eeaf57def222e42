import type { Place } from './place.ts'

/** Numbers by name, what a job brings home. */
export type Measures = Record<string, number>

/** Where a job works: on what, and in which folder of its own. */
export interface Site {
  place: Place
  dir: string
}
