import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import type { Frame } from '../../corpora/framing.ts'
import { copyModel } from '../../export/model-files.ts'
import { html } from '../../report/html/markup.ts'
import { headTags } from '../site/head.ts'
import { parityModules } from '../site/modules.ts'
import { writeRuntime } from '../site/runtime.ts'
import { serveSite } from '../site/server.ts'
import type { Format } from '../site.ts'
import type { CheckRequest, Embedded } from './check.ts'
import type { ProbeImage } from './probes.ts'

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/**
 * What the page's own code and the library alone make of files and texts in Chromium, through onnxruntime-web.
 * @returns a sentence where there is no browser, or nothing to drive it with
 */
export async function embedInBrowser(
  dir: string,
  dtype: Format['dtype'],
  frame: Frame,
  images: ProbeImage[],
  texts: string[],
): Promise<{ page: Embedded; library: Embedded } | string> {
  const executablePath = [process.env.CHROMIUM, ...places].find((path) => path && existsSync(path))
  if (!executablePath) return 'no Chromium found: install it, or name it in the environment variable CHROMIUM'
  const playwright = await import('playwright-core').catch(() => undefined)
  if (!playwright) return 'Chromium is here, but nothing to drive it with: npm install playwright-core'
  const folder = await mkdtemp(join(tmpdir(), 'distilingual-parity-'))
  try {
    const files = images.map(({ name }, i) => `probe-${i}${extname(name).toLowerCase()}`) // browsers know an SVG by its ending
    const request: CheckRequest = { dtype, frame, images: files, texts }
    await writeRuntime(folder, parityModules)
    await copyModel(dir, join(folder, 'model'), [dtype])
    await writeFile(join(folder, 'index.html'), html`<!doctype html><meta charset="utf-8">${headTags()}<title>parity</title>`.markup)
    for (const [i, { file }] of images.entries()) await writeFile(join(folder, files[i]!), file)
    const browser = await playwright.chromium.launch({ executablePath, args: ['--no-sandbox'] }).catch((error: Error) => error)
    if (browser instanceof Error) return `${executablePath} does not start: ${browser.message.split('\n')[0]}`
    const server = await serveSite(folder, { port: 0 })
    try {
      const page = await browser.newPage()
      await page.goto(server.url, { timeout: 120_000 }) // a machine may be busy
      // As text: a function would be sent with what the compiler has put into it.
      const code = `import('${server.url}app/parity/check.js').then(({ check }) => check(${JSON.stringify(request)}))`
      return await page.evaluate<{ page: Embedded; library: Embedded }>(code)
    } catch (error) {
      const hint = 'Name files that browsers show: JPEG, PNG, WebP, GIF, AVIF.'
      throw new UserError({ where: 'parity, Chromium', expected: 'the embeddings', got: (error as Error).message.split('\n')[0]!, hint })
    } finally {
      await browser.close()
      await server.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
