import { cellText, type ReportTable, type TableCell, type TableColumn } from '../tables/table.ts'
import { clip } from './clip.ts'
import { html, type Markup } from './markup.ts'

/** A table that scrolls by itself where it is too wide, sortable by every column. The first cell of a row is its heading. */
export function table({ title, columns, rows, notes = [] }: ReportTable): Markup {
  const head = columns.map(
    ({ title, about, isText }) => html`<th scope="col"${isText ? html` class="text"` : ''}${about ? html` title="${about}"` : ''}>${title}</th>`,
  )
  const body = rows.map((row) => html`<tr>${row.map((cell, i) => cellOf(cell, i, columns[i]!))}</tr>`)
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${title}"><table class="sortable"><caption><span>${title}</span></caption>
<thead><tr>${head}</tr></thead>
<tbody>${body}</tbody></table></div>
${notes.map((note) => html`<p class="note">${note}</p>`)}`
}

function cellOf(cell: TableCell, i: number, { isText }: TableColumn): Markup {
  const { value, language } = typeof cell === 'object' ? cell : {}
  const text = cellText(cell)
  const content = language === undefined ? clip(text) : html`<bdi lang="${language}">${clip(text)}</bdi>`
  const key = value === undefined ? '' : html` data-value="${value}"`
  const style = isText ? html` class="text"` : ''
  return i === 0 ? html`<th scope="row"${style}${key}>${content}</th>` : html`<td${style}${key}>${content}</td>`
}
