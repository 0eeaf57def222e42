import { html, type Markup, type Piece } from './markup.ts'

export interface Column {
  title: Piece
  /** Spelled out, for abbreviations. */
  about?: string
  /** Words stand left, numbers right. */
  isText?: boolean
}

/** A cell, and what it sorts by where that is not its text. */
export type Cell = Piece | { show: Piece; value: number | undefined }

/** A table that scrolls by itself where it is too wide, sortable by every column. The first cell of a row is its heading. */
export function table(caption: string, columns: readonly Column[], rows: readonly (readonly Cell[])[]): Markup {
  const head = columns.map(
    ({ title, about, isText }) => html`<th scope="col"${isText ? html` class="text"` : ''}${about ? html` title="${about}"` : ''}>${title}</th>`,
  )
  const body = rows.map((row) => html`<tr>${row.map((cell, i) => cellOf(cell, i, columns[i]!))}</tr>`)
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table class="sortable"><caption><span>${caption}</span></caption>
<thead><tr>${head}</tr></thead>
<tbody>${body}</tbody></table></div>
`
}

function cellOf(cell: Cell, i: number, { isText }: Column): Markup {
  const isValued = typeof cell === 'object' && cell !== null && 'show' in cell
  const show = isValued ? cell.show : cell
  const value = isValued ? html` data-value="${cell.value ?? ''}"` : ''
  const style = isText ? html` class="text"` : ''
  return i === 0 ? html`<th scope="row"${style}${value}>${show}</th>` : html`<td${style}${value}>${show}</td>`
}
