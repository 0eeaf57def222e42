import { readFile } from 'node:fs/promises'
import { UserError } from '../base/errors.ts'
import type { LogLine } from './material.ts'

/**
 * Reads a run's log.jsonl: one object of numbers a line, each with `step`. What is not a finite number is left out, and so is a
 * last line that an interrupted run did not finish.
 * @throws UserError when the file cannot be read or another line is damaged
 */
export async function readLog(file: string): Promise<LogLine[]> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new UserError({ where: file, expected: 'a log of a run', got: error.message, hint: 'Name the log.jsonl in a run folder.' })
  })
  const lines = text.split('\n')
  return lines.flatMap((line, i) => {
    if (line === '') return []
    const parsed = parseLine(line)
    if (parsed) return [parsed]
    if (i === lines.length - 1) return []
    throw new UserError({
      where: `${file}, line ${i + 1}`,
      expected: 'a JSON object with a step',
      got: line.length > 60 ? `${line.slice(0, 60)}…` : line,
      hint: 'Delete the damaged line.',
    })
  })
}

function parseLine(line: string): LogLine | undefined {
  try {
    const entries = Object.entries(JSON.parse(line) as Record<string, unknown>)
    const numbers = Object.fromEntries(entries.filter(([, value]) => Number.isFinite(value))) as LogLine
    return numbers.step === undefined ? undefined : numbers
  } catch {
    return undefined
  }
}
