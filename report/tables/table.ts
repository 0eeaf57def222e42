/** A table of a report, before anything is printed: Markdown, the page, the console and the model card print the same one. */
export interface ReportTable {
  title: string
  columns: TableColumn[]
  /** As many cells as columns. The first cell of a row says what the row is of. */
  rows: TableCell[][]
  /** What is to be known to read it, a sentence each. */
  notes?: string[]
}

export interface TableColumn {
  title: string
  /** Spelled out, for abbreviations. */
  about?: string
  /** Words stand left, numbers right. */
  isText?: boolean
}

/** A number is printed with thousands separated. */
export type TableCell = string | number | MarkedCell

interface MarkedCell {
  text: string
  /** What it sorts by, where that is not its text. */
  value?: number
  /** BCP 47, of words that are not English. */
  language?: string
}

/** What a cell reads. */
export function cellText(cell: TableCell): string {
  if (typeof cell === 'number') return cell.toLocaleString('en-US')
  return typeof cell === 'string' ? cell : cell.text
}

/** The table with these columns alone, by title. */
export function withColumns(table: ReportTable, keep: (column: TableColumn) => boolean): ReportTable {
  const kept = table.columns.map(keep)
  const pick = <T>(list: readonly T[]) => list.filter((_, i) => kept[i])
  return { ...table, columns: pick(table.columns), rows: table.rows.map(pick) }
}
