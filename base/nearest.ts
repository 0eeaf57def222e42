import { closest } from 'fastest-levenshtein'

/** The one of `valid` that is fewest edits away from `written`, for "did you mean". */
export function nearest(written: string, valid: readonly string[]): string {
  return closest(written, valid)
}
