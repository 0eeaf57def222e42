import { UserError } from '../base/errors.ts'

/** What is done with a row that cannot be used; default: its error is thrown. */
export type OnBadRow = (error: UserError) => void

/** What `make` returns, or undefined where it throws a UserError that `onBad` takes. */
export function unlessBad<T>(make: () => T, onBad: OnBadRow | undefined): T | undefined {
  try {
    return make()
  } catch (error) {
    return handOver(error, onBad)
  }
}

/** Gives `onBad` a UserError; throws every other error, and all where there is no `onBad`. */
export function handOver(error: unknown, onBad: OnBadRow | undefined): undefined {
  if (!onBad || !(error instanceof UserError)) throw error
  onBad(error)
}
