import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { html, type Piece, raw } from './markup.ts'
import type { Section } from './section.ts'

export interface Page {
  title: string
  /** What stands between the title and the list of sections. */
  intro: Piece
  sections: readonly Section[]
  footer: Piece
}

/** A page that needs nothing else. Its own policy forbids it the network, and allows no script but the one that sorts tables. */
export async function renderPage({ title, intro, sections, footer }: Page): Promise<string> {
  const [style, script] = await Promise.all(['style.css', 'sort.js'].map((name) => readFile(new URL(`./${name}`, import.meta.url), 'utf8')))
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy(script!)}">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${raw(style!)}</style>
</head>
<body>
<header>
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
<footer>${footer}</footer>
<script>${raw(script!)}</script>
</body>
</html>
`
  return page.markup
}

function policy(script: string): string {
  const hash = createHash('sha256').update(script).digest('base64')
  return `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`
}
