import { UserError } from '../base/errors.ts'

/** What is done with a row that cannot be used; default: its error is thrown. */
export type OnBadRow = (error: UserError) => void

/** What `make` returns, or undefined where it throws a UserError that `onBad` takes. */
export function unlessBad<T>(make: () => T, onBad: OnBadRow | undefined): T | undefined {
  try {
    return make()
  } catch (error) {
    if (!onBad || !(error instanceof UserError)) throw error
    onBad(error)
    return undefined
  }
}
