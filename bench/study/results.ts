import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UserError } from '../../base/errors.ts'

/** What one finished run left, a line of a results file. */
export interface Result {
  /** Hash of everything that decides the result. */
  key: string
  row: string
  seed: number
  /** What was asked for beyond the defaults. */
  settings: Record<string, unknown>
  /** Numbers by name: `recall.en`, `minutes`, `peakMemoryMB` … */
  measures: Record<string, number>
  /** Where it ran, and on how many of its cores; times depend on it. */
  machine: string
}

/** A JSONL file that results are only ever appended to, so that files of several machines can be joined line by line. */
export interface ResultsFile {
  path: string
  /** By key. @throws UserError for a damaged line */
  read(): Promise<Map<string, Result>>
  append(result: Result): Promise<void>
}

export function resultsFile(path: string): ResultsFile {
  return {
    path,
    async read() {
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return ''
        throw error
      })
      const lines = text.split('\n').map((line, i) => [line, i + 1] as const)
      return new Map(lines.filter(([line]) => line !== '').map(([line, number]) => keyed(parse(line, `${path}, line ${number}`))))
    },
    async append(result) {
      await mkdir(dirname(path), { recursive: true })
      await appendFile(path, `${JSON.stringify(result)}\n`) // one write of one line: parallel shards do not mix
    },
  }
}

function keyed(result: Result): [string, Result] {
  return [result.key, result]
}

function parse(line: string, where: string): Result {
  try {
    const result = JSON.parse(line) as Result
    if (typeof result.key === 'string' && typeof result.row === 'string' && typeof result.measures === 'object') return result
  } catch {
    // reported below, like a line of another form
  }
  throw new UserError({
    where,
    expected: 'a result with key, row and measures as JSON',
    got: line.length > 60 ? `${line.slice(0, 60)}…` : line,
    hint: 'Delete the damaged line: its run is then done again.',
  })
}
