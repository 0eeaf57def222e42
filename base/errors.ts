import { printableName } from './printable.ts'

/** A mistake the user can mend (bad input, bad flag): the CLI prints it without a stack and exits with 2. */
export class UserError extends Error {
  override readonly name = 'UserError'
  readonly exitCode: number
  readonly fields: { where: string; expected: string; got: string; hint: string }
  /**
   * Builds `where: expected X, got Y. What to do.`
   * @param fields.where file, line, flag or tensor at fault
   * @param fields.expected what should have been there
   * @param fields.got what was there
   * @param fields.hint what the user can do about it
   */
  constructor(fields: { where: string; expected: string; got: string; hint: string }, exitCode = 2) {
    const { expected, hint } = fields
    const [where, got] = [printableName(fields.where), printableName(fields.got)] // names and bytes of others
    super(`${where}: expected ${expected}, got ${got}. ${hint}`)
    this.fields = { where, expected, got, hint }
    this.exitCode = exitCode
  }
}
