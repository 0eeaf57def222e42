/** Characters of a caption that a page shows. */
const most = 200

/** A caption as the page shows it: of one that is as long as a book the beginning. */
export function clip(text: string): string {
  return text.length <= most ? text : `${text.slice(0, most).replace(/[\ud800-\udbff]$/, '')}…`
}
