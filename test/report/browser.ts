import { existsSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import { type Browser, chromium } from 'playwright-core'

const paths = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/**
 * A test that drives a real browser. Where none is installed it is reported as skipped, except under CI=true: there it fails, so that
 * a page cannot go unseen for ever. CHROMIUM names another executable.
 */
export function browserTest(title: string, body: (t: ExecutionContext, browser: Browser) => Promise<void>): void {
  const executablePath = [process.env.CHROMIUM, ...paths].find((path) => path && existsSync(path))
  if (executablePath) {
    test(title, async (t) => {
      const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'], timeout: 180_000 })
      t.teardown(() => browser.close())
      await body(t, browser)
    })
  } else if (process.env.CI === 'true') {
    test(title, (t) => t.fail(`no browser at ${paths.join(', ')}: install chromium, or name one in CHROMIUM`))
  } else {
    test.skip(`${title} (no chromium found)`, (t) => t.pass())
  }
}
