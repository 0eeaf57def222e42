import { parseArgs } from 'node:util'
import { UserError } from '../base/errors.ts'
import { flagOf } from '../base/setting.ts'
import { requireThreads } from '../base/threads.ts'
import type { Flags } from './subject.ts'

/** The least that flags of these names may be, which are whole numbers. */
const least: Record<string, number> = { threads: 0, repeats: 1, rounds: 1, steps: 0 }

/**
 * A bench's flags as they were given, the others as usual; `--batchSize` is `--batch-size`, as for commands.
 * @throws UserError for an unknown flag, and for a number that is none, too small, or more threads than cores
 */
export function flagsOf(defaults: Flags, args: string[]): Flags {
  const names = Object.keys(defaults)
  const written = names.flatMap((name) => [name, flagOf(name).slice(2)])
  const options = Object.fromEntries(written.map((flag) => [flag, { type: 'string' as const }]))
  let given: Record<string, unknown>
  try {
    given = parseArgs({ args, options }).values
  } catch (error) {
    throw new UserError({
      where: 'bench',
      expected: `flags ${names.map(flagOf).join(' ') || '(none)'}`,
      got: args.join(' '),
      hint: (error as Error).message,
    })
  }
  return Object.fromEntries(
    Object.entries(defaults).map(([name, usual]) => {
      const text = given[flagOf(name).slice(2)] ?? given[name]
      const value = text === undefined ? usual : typeof usual === 'number' ? Number(text) : String(text)
      if (typeof value === 'number') requireNumber(name, value, String(text), `Usual is ${usual}.`)
      return [name, value]
    }),
  )
}

function requireNumber(name: string, value: number, got: string, hint: string): void {
  const from = least[name]
  if (Number.isNaN(value)) throw new UserError({ where: flagOf(name), expected: 'a number', got, hint })
  if (from !== undefined && !(Number.isInteger(value) && value >= from))
    throw new UserError({ where: flagOf(name), expected: `a whole number from ${from}`, got, hint })
  if (name === 'threads') requireThreads('--threads', value)
}
