/** Text that is HTML already; everything else is escaped when it is put into a page. */
export interface Markup {
  readonly markup: string
}

export type Piece = Markup | string | number | undefined | null | false | readonly Piece[]

/**
 * Template tag that makes HTML: strings and numbers are escaped, markup goes in as it is, lists are joined, and
 * undefined, null and false leave nothing.
 */
export function html(strings: TemplateStringsArray, ...pieces: Piece[]): Markup {
  let markup = strings[0]!
  pieces.forEach((piece, i) => {
    markup += write(piece) + strings[i + 1]!
  })
  return { markup }
}

/** Marks text as HTML. Only for text made by this program. */
export function raw(markup: string): Markup {
  return { markup }
}

/** Makes text safe between tags and inside quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

function write(piece: Piece): string {
  if (piece === undefined || piece === null || piece === false) return ''
  if (typeof piece === 'string') return escapeHtml(piece)
  if (typeof piece === 'number') return String(piece)
  if ('markup' in piece) return piece.markup
  return piece.map(write).join('')
}
