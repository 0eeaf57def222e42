/** Memory of reading a generated table of many rows: each format and size in a process of its own. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { markdownTable } from 'markdown-table'
import { UserError } from '../base/errors.ts'
import { nodeArguments } from '../base/own-modules.ts'
import { type RowFormat, rowFormats, writeRows } from './readers-files.ts'
import type { ReaderCost } from './readers-process.ts'
import { measured, type Rows } from './record/rows.ts'

const program = new URL('./readers-process.ts', import.meta.url).pathname

/** Prints size, seconds and peak resident memory at a tenth of the rows and at all of them, and returns them. */
export async function benchReaders({ rows, formats, dir }: Record<string, string | number>): Promise<Rows> {
  const dirs = String(dir) || tmpdir()
  const table: string[][] = []
  const results: Rows = {}
  for (const format of String(formats).split(',')) {
    const all: ReaderCost[] = []
    for (const count of [Number(rows) / 10, Number(rows)]) all.push(await costOf(known(format), Math.round(count), dirs))
    const [tenth, whole] = all as [ReaderCost, ReaderCost]
    const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0)
    results[`${format}, file`] = measured('MB', whole.bytes / 1e6)
    results[`${format}, reading`] = measured('s', whole.seconds)
    results[`${format}, peak at a tenth of the rows`] = measured('MB', tenth.peak / 1e6)
    results[`${format}, peak at all rows`] = measured('MB', whole.peak / 1e6)
    table.push([
      format,
      megabytes(whole.bytes),
      whole.seconds.toFixed(1),
      ...[tenth, whole].map(({ peak }) => megabytes(peak)),
      (whole.peak / tenth.peak).toFixed(2),
    ])
  }
  const header = ['format', 'file, MB', 'seconds', `peak, ${Number(rows) / 10} rows, MB`, `peak, ${rows} rows, MB`, 'factor']
  console.log(markdownTable([header, ...table]))
  return results
}

async function costOf(format: RowFormat, rows: number, parent: string): Promise<ReaderCost> {
  const dir = await mkdtemp(join(parent, 'rows-'))
  try {
    const file = join(dir, `rows.${format}`)
    await writeRows(format, file, rows)
    const { stdout } = await promisify(execFile)(process.execPath, [...nodeArguments(), program, file])
    const { bytes, ...cost } = { ...(JSON.parse(stdout) as Omit<ReaderCost, 'bytes'>), bytes: (await stat(file)).size }
    if (cost.rows !== rows) throw new Error(`${format}: ${cost.rows} of ${rows} rows were read`)
    return { ...cost, bytes }
  } finally {
    await rm(dir, { recursive: true })
  }
}

function known(format: string): RowFormat {
  const found = rowFormats.find((name) => name === format)
  if (found) return found
  throw new UserError({ where: '--formats', expected: `some of ${rowFormats.join(', ')}`, got: format, hint: 'Separate them by commas.' })
}
