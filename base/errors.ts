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
    super(`${fields.where}: expected ${fields.expected}, got ${fields.got}. ${fields.hint}`)
    this.fields = fields
    this.exitCode = exitCode
  }
}
