import type { ExecutionContext } from 'ava'
import { UserError } from '../base/errors.ts'

export type Expected = Partial<Record<keyof UserError['fields'], string | RegExp>>

/**
 * Asserts that `body` throws a UserError whose fields are as given: a string must be equal, a regular expression must match. What messages say
 * in words stands in one snapshot (test/messages.test.ts); a test says which mistake was met.
 * @returns the error, for what else there is to assert
 */
export async function throwsUserError(t: ExecutionContext, body: () => unknown, expected: Expected = {}, what?: string): Promise<UserError> {
  let thrown: unknown
  try {
    await body()
  } catch (error) {
    thrown = error
  }
  if (!(thrown instanceof UserError)) {
    t.fail(`${what ?? 'expected a UserError'}: got ${thrown === undefined ? 'no error' : (thrown as Error).stack}`)
    throw new Error('no UserError')
  }
  for (const [field, value] of Object.entries(expected)) {
    const got: string = thrown.fields[field as keyof Expected]
    if (typeof value === 'string') t.is(got, value, what)
    else t.regex(got, value, what)
  }
  return thrown
}
