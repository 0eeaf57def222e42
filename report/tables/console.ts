import { cellText, type ReportTable } from './table.ts'

/** A table as plain text for a terminal or a log: the title, a line a row, words to the left and numbers to the right. */
export function tableText({ title, columns, rows }: ReportTable): string {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => row.map(cellText))]
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  const lines = cells.map((row) =>
    row.map((cell, column) => (columns[column]!.isText ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  '),
  )
  return [title, ...lines.map((line) => `  ${line}`.trimEnd())].join('\n')
}
