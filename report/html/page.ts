import { readFile } from 'node:fs/promises'
import { renderDocument } from './document.ts'
import { html, type Piece } from './markup.ts'
import type { Section } from './section.ts'

export interface Page {
  title: string
  /** What stands between the title and the list of sections. */
  intro: Piece
  sections: readonly Section[]
  footer: Piece
}

/** A report's page, with a list of its sections and the script that sorts tables. */
export async function renderPage({ title, intro, sections, footer }: Page): Promise<string> {
  const script = await readFile(new URL('./sort.js', import.meta.url), 'utf8')
  const body = html`<header>
<h1>${title}</h1>
${intro}
<nav aria-label="Sections"><ul>${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
</header>
<main>
${sections.map(
  ({ id, title, body }) => html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
${body}</section>
`,
)}</main>
<footer>${footer}</footer>`
  return renderDocument({ title, script, body })
}
