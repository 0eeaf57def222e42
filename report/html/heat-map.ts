import { html, type Markup, type Piece } from './markup.ts'

export interface HeatCell {
  /** 0 (page) … 1 (full colour). */
  heat: number
  /** Printed inside; short. */
  text?: string
  /** Spelled out for a pointer. */
  about: string
  isMarked?: boolean
}

/** A table whose cells are coloured. It stays a table, so that it can be read aloud, and the colour is the page's own. */
export function heatMap(
  caption: string,
  corner: string,
  columns: readonly Piece[],
  rows: readonly { head: Piece; cells: readonly HeatCell[] }[],
): Markup {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table class="heat"><caption><span>${caption}</span></caption>
<thead><tr><th scope="col" class="corner">${corner}</th>${columns.map((column) => html`<th scope="col"><span>${column}</span></th>`)}</tr></thead>
<tbody>${rows.map(({ head, cells }) => html`<tr><th scope="row">${head}</th>${cells.map(cellOf)}</tr>`)}</tbody></table></div>
`
}

function cellOf({ heat, text, about, isMarked }: HeatCell): Markup {
  const share = Math.round(100 * Math.min(1, Math.max(0, heat)))
  // Where text must change its colour to stay readable depends on light or dark: the page's style knows.
  const styles = [share > 78 ? 'hot' : share > 55 && 'warm', isMarked && 'marked'].filter(Boolean).join(' ')
  return html`<td title="${about}"${styles && html` class="${styles}"`}${share > 0 && html` style="--h:${share}%"`}>${text}</td>`
}
