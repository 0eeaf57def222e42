import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { html, type Piece, raw } from './markup.ts'

export interface Document {
  title: string
  /** The only script that the page's own policy lets run. */
  script: string
  /** Whether the script may talk to the server that the page came from. */
  connects?: boolean
  body: Piece
}

/** A page in the report's dress that needs nothing else: style and script stand in it, and its policy forbids it the network. */
export async function renderDocument({ title, script, connects, body }: Document): Promise<string> {
  const style = await readFile(new URL('./style.css', import.meta.url), 'utf8')
  const hash = createHash('sha256').update(script).digest('base64')
  const policy = [
    "default-src 'none'",
    ...(connects ? ["connect-src 'self'"] : []),
    'img-src data:',
    "style-src 'unsafe-inline'",
    `script-src 'sha256-${hash}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  return html`<!doctype html>
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
${body}
<script>${raw(script)}</script>
</body>
</html>
`.markup
}
