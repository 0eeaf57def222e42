import { readFile } from 'node:fs/promises'
import { renderDocument } from '../../report/html/document.ts'
import { html, type Markup } from '../../report/html/markup.ts'

/**
 * The page around a live view, in the report's dress. It may run its own script and listen to the server it came from, nothing else; the
 * charts arrive drawn.
 */
export async function livePage(title: string, view: Markup): Promise<string> {
  const script = await readFile(new URL('./live.js', import.meta.url), 'utf8')
  const body = html`<header>
<h1>${title}</h1>
<p class="note" id="state" role="status">connecting</p>
</header>
<main>${view}</main>
<footer>Made by distilingual.</footer>`
  return renderDocument({ title, script, connects: true, body })
}
