import { createHash } from 'node:crypto'
import { html, type Markup, raw } from '../../report/html/markup.ts'
import { runtimeImports } from './runtime.ts'

/** What every page of the site has in its head: its policy (compute, and read from its own server, nothing else) and its packages. */
export function headTags(): Markup {
  const importMap = JSON.stringify({ imports: runtimeImports })
  const hash = createHash('sha256').update(importMap).digest('base64')
  const policy = [
    "default-src 'none'",
    `script-src 'self' 'wasm-unsafe-eval' 'sha256-${hash}'`,
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'none'",
  ]
  return html`<meta http-equiv="Content-Security-Policy" content="${policy.join('; ')}">
<script type="importmap">${raw(importMap)}</script>`
}
