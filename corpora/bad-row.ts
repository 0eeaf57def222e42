import { UserError } from '../base/errors.ts'
import { notice } from '../base/watch.ts'

/** What is done with a row that cannot be used; default: its error is thrown. */
export type OnBadRow = (error: UserError) => void

/** What becomes of rows and pictures that cannot be used: the command ends, or they are left out, counted and listed. */
export const badSampleNames = ['fail', 'skip'] as const
export type OnBadSample = (typeof badSampleNames)[number]

/** A row or picture that was left out, and why. */
export type BadSample = UserError['fields']

/**
 * Reads with rows and pictures left out that cannot be used, and says how many; with `fail` their errors are thrown.
 * @param read gets what takes their errors
 * @returns the same with the list of what was left out; absent with `fail`
 */
export async function leavingOut<T extends object | undefined>(
  name: string,
  onBadSample: OnBadSample | undefined,
  read: (onBad: OnBadRow | undefined) => Promise<T>,
): Promise<T & { skipped?: BadSample[] }> {
  if (onBadSample !== 'skip') return (await read(undefined)) as T & { skipped?: BadSample[] }
  const skipped: BadSample[] = []
  const made = await read(({ fields }) => skipped.push(fields))
  if (skipped.length > 0) notice(`${name}: ${skipped.length} rows and pictures left out that cannot be used, the first at ${skipped[0]!.where}`)
  return made && { ...made, skipped }
}

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
