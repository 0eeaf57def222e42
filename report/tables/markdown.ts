import { markdownTable } from 'markdown-table'
import { cellText, type ReportTable } from './table.ts'

/** A table as Markdown: its rows, then its notes. Without the title, which is the heading above it. */
export function tableMarkdown({ columns, rows, notes = [] }: ReportTable): string {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => row.map(cellText))].map((row) => row.map(escapeMarkdown))
  const table = markdownTable(cells, { align: columns.map(({ isText }) => (isText ? 'l' : 'r')) })
  return [table, ...notes.map(escapeMarkdown)].join('\n\n')
}

/** Makes text stand for itself in Markdown: users name their own groups, classes and runs. */
export function escapeMarkdown(text: string): string {
  return text.replaceAll(/\s*[\r\n]+\s*/g, ' ').replaceAll(/[\\`*_[\]<>|~]/g, '\\$&')
}
