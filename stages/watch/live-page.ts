import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { html, type Markup, raw } from '../../eval/report/html/markup.ts'

/**
 * The page around a live view, in the report's dress. It may run its own script and listen to the server it came from, nothing else; the
 * charts arrive drawn.
 */
export async function livePage(title: string, view: Markup): Promise<string> {
  const style = await readFile(new URL('../../eval/report/html/style.css', import.meta.url), 'utf8')
  const script = await readFile(new URL('./live.js', import.meta.url), 'utf8')
  const hash = createHash('sha256').update(script).digest('base64')
  const policy = `default-src 'none'; connect-src 'self'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${raw(style)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="note" id="state" role="status">connecting</p>
</header>
<main>${view}</main>
<footer>Made by distilingual.</footer>
<script>${raw(script)}</script>
</body>
</html>
`
  return page.markup
}
