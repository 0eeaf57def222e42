import { languageName, type ResultTable, resultCells, resultTables, thousands } from './format.ts'
import type { Report } from './schema.ts'

/**
 * The report's tables for a terminal, a block per protocol and language, at most 98 columns wide. Plain text: no colours,
 * so that it reads the same in a log. Ends with a newline.
 */
export function renderConsole(report: Report): string {
  return resultTables(report.results)
    .map((table) => block(table, report))
    .join('\n')
}

function block(table: ResultTable, report: Report): string {
  const head = ['', 'T→I @1', '@5', '@10', 'I→T @1', '@5', '@10', 'mean', '95 %', 'median', 'kept %']
  const body = table.rows.map((row) => resultCells(row, report.results))
  const row = table.rows.find((entry) => entry.model !== 'pixel-nn') ?? table.rows[0]!
  const title = `${table.protocol} · ${languageName(table.language)} · n ${thousands(row.queries)}, gallery ${thousands(row.gallery)} (recall in %)`
  return `${title}\n${align([head, ...body])}\n`
}

/** Pads cells to columns: the first to the left, numbers to the right. */
function align(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  '))
    .map((line) => `  ${line}`.trimEnd())
    .join('\n')
}
