import { spawn } from 'node:child_process'
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import type { Browser, Page } from 'playwright-core'
import { readLiveRun } from '../../../web/watch/live-run.ts'
import { serveLive } from '../../../web/watch/live-server.ts'
import { browserTest } from '../../report/browser.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { throwsUserError } from '../../user-error.ts'

const patience = 180_000 // ms; a busy machine is no failure
/** The log of the teacher that ships, as its training wrote it. */
const recorded = (await readFile(new URL('../../../models/teachers/bridged/training.jsonl', import.meta.url), 'utf8')).trimEnd().split('\n')

async function runFolder(t: ExecutionContext, config: object, folders: string[] = ['.']): Promise<string> {
  const dir = join(await temporaryFolder(t), 'myrun')
  for (const folder of folders) await mkdir(join(dir, folder), { recursive: true })
  await writeFile(join(dir, 'config.json'), JSON.stringify(config))
  return dir
}

const log = (dir: string, lines: string[]) => appendFile(join(dir, 'log.jsonl'), lines.map((line) => `${line}\n`).join(''))

async function visit(t: ExecutionContext, browser: Browser, dir: string, options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const server = await serveLive(dir, { port: 0 })
  t.teardown(() => server.close())
  const context = await browser.newContext(options)
  t.teardown(() => context.close()) // before the server: a lost connection would be complained of
  context.setDefaultTimeout(patience)
  const page = await context.newPage()
  page.on('console', (message) => t.fail(`console: ${message.text()}`))
  page.on('pageerror', (error) => t.fail(`error: ${error.message}`))
  page.on('request', (request) => {
    if (!request.url().startsWith(server.url) && !request.url().startsWith('data:')) t.fail(`request: ${request.url()}`)
  })
  await page.goto(server.url)
  return page
}

browserTest('the page follows a log that grows, from nothing to the end', async (t, browser) => {
  const dir = await runFolder(t, { command: 'bridge', steps: 1200, batchSize: 512 })
  const page = await visit(t, browser, dir)
  await page.getByText('Nothing logged yet').waitFor()
  await page.locator('#state', { hasText: 'live' }).waitFor()

  const [first, second, rest] = [recorded.slice(0, 20), recorded.slice(20, 90), recorded.slice(90)]
  await log(dir, first)
  const step = (line: string | undefined) => (JSON.parse(line!) as { step: number }).step
  const shown = (line: string | undefined) => page.locator('.card .value', { hasText: `${step(line).toLocaleString('en-US')} of 1,200 steps` })
  await shown(first.at(-1)).waitFor()
  const path = () => page.locator('figure', { hasText: 'Learning rate' }).locator(`path[stroke="var(--accent)"]`).first().getAttribute('d')
  const before = await path()
  t.true(before!.length > 20)
  t.is(await page.locator('figure', { hasText: 'Validation mean recall' }).count(), 0)

  await log(dir, second)
  await shown(second.at(-1)).waitFor()
  t.not(await path(), before)
  // A line that is being written is left for later.
  await appendFile(join(dir, 'log.jsonl'), rest[0]!.slice(0, 30))
  await appendFile(join(dir, 'log.jsonl'), `${rest[0]!.slice(30)}\n`)
  await log(dir, rest.slice(1))
  await page.getByRole('heading', { name: 'Done' }).waitFor()
  const titles = ['Loss', 'Validation mean recall, %', 'Gap between languages, points', 'Learning rate', 'Images a second']
  t.deepEqual(await page.locator('figcaption').allInnerTexts(), titles)
  for (const language of ['English', 'Chinese']) t.is(await page.locator('.card', { hasText: `Recall in ${language}` }).count(), 1)
  t.is(await page.locator('svg.chart:not([role=img][aria-label])').count(), 0)
  t.regex(await page.locator('.card time').innerText(), /^last line \d+ s ago$/)
})

browserTest('distill shows both stages, the newer first, and fits 400 pixels, light and dark', async (t, browser) => {
  const stage = (steps: number) => ({ steps, batchSize: 256, accumulate: 2 })
  const dir = await runFolder(t, { command: 'distill', stage1: stage(1000), stage2: stage(150) }, ['stage1', 'stage2'])
  await log(
    join(dir, 'stage1'),
    recorded.filter((line) => JSON.parse(line).step <= 1000),
  )
  await log(
    join(dir, 'stage2'),
    recorded.filter((line) => JSON.parse(line).step <= 60),
  )
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await visit(t, browser, dir, { viewport: { width: 400, height: 900 }, colorScheme })
    await page.locator('#state', { hasText: 'live' }).waitFor()
    t.is(await page.evaluate('document.documentElement.scrollWidth'), 400)
    t.deepEqual(await page.locator('main > section > .cards > .card:first-child h3').allInnerTexts(), ['Stage 2', 'Stage 1'])
    t.deepEqual(await page.locator('.card h3', { hasText: /^(?:Left|Done)$/ }).allInnerTexts(), ['Left', 'Done'])
    const [ink, page_] = await page.evaluate<string[]>('[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]')
    t.deepEqual([ink, page_], colorScheme === 'light' ? ['rgb(27, 29, 32)', 'rgb(251, 251, 250)'] : ['rgb(230, 231, 233)', 'rgb(20, 21, 24)'])
  }
  // A stage's own folder finds its settings in the run above it.
  const [second] = await readLiveRun(join(dir, 'stage2'))
  t.like(second, { name: 'Training', steps: 150, batch: 512 })
})

browserTest('no script but its own runs on the page', async (t, browser) => {
  const dir = await runFolder(t, { command: 'teacher', steps: 100 })
  await log(dir, [
    '{"step":10,"loss":1,"<img src=x onerror=alert(1)>":2,"learningRate":0.1,"stepsPerSecond":2}',
    '{"step":20,"loss":1,"<img src=x onerror=alert(1)>":2,"learningRate":0.1,"stepsPerSecond":2}',
  ])
  const page = await visit(t, browser, dir)
  await page.locator('#state', { hasText: 'live' }).waitFor()
  t.is(await page.locator('main img').count(), 0)
  t.true((await page.locator('main').innerText()).includes('<img src=x'))
  const policy = await page.locator('meta[http-equiv=Content-Security-Policy]').getAttribute('content')
  t.regex(policy!, /^default-src 'none'; connect-src 'self'; .*script-src 'sha256-[^']+'; base-uri 'none'/)
})

test('a folder or port that cannot be served is refused, a damaged log is told of on the page', async (t) => {
  await throwsUserError(t, () => serveLive('/no/such/run', { port: 0 }), { expected: /a run folder/, got: /no such folder/ })
  const dir = await runFolder(t, { command: 'stage1', steps: 'many' })
  await throwsUserError(t, () => serveLive(dir, { port: 0 }), { where: /config\.json/, got: /steps: / })
  await writeFile(join(dir, 'config.json'), '{"steps": 100}')
  const server = await serveLive(dir, { port: 0 })
  t.teardown(() => server.close())
  await throwsUserError(t, () => serveLive(dir, { port: Number(new URL(server.url).port) }), { got: /one that is taken/ })

  const get = (path: string, init?: RequestInit) => fetch(new URL(path, server.url), init)
  t.is((await get('/log.jsonl')).status, 404)
  t.is((await get('/', { method: 'POST' })).status, 405)
  await log(dir, ['{"step":1,"loss":1}', 'damaged', '{"step":2,"loss":1}'])
  t.regex(await (await get('/')).text(), /log\.jsonl, line 2: expected a JSON object with a step, got damaged/)
})

test('whoever looks first, all hear of it', async (t) => {
  const dir = await runFolder(t, { command: 'stage1', steps: 40 })
  await log(dir, recorded.slice(0, 4))
  const server = await serveLive(dir, { port: 0 })
  t.teardown(() => server.close())
  const gone = new AbortController()
  t.teardown(() => gone.abort())
  const events = (await fetch(new URL('/events', server.url), { signal: gone.signal })).body!.pipeThrough(new TextDecoderStream()).getReader()
  const first = (await events.read()).value!
  await log(dir, recorded.slice(4, 6))
  await (await fetch(server.url)).text() // a second page, before the next look of the first
  const second = (await events.read()).value!
  t.true(first.startsWith('data: ') && second.startsWith('data: '))
  t.not(second, first)
})

test('another name in Host is refused', async (t) => {
  const { request } = await import('node:http')
  const server = await serveLive(await runFolder(t, {}), { port: 0 })
  t.teardown(() => server.close())
  const { port } = new URL(server.url)
  const status = await new Promise((done, fail) => {
    request({ host: '127.0.0.1', port, headers: { host: 'elsewhere.example' } }, (response) => done(response.resume().statusCode))
      .on('error', fail)
      .end()
  })
  t.is(status, 403)
})

test('the command serves until Ctrl-C', async (t) => {
  const dir = await runFolder(t, { command: 'stage1', steps: 40 })
  await log(dir, recorded.slice(0, 4))
  const bin = fileURLToPath(new URL('../../../bin/distilingual.mjs', import.meta.url))
  const child = spawn(process.execPath, [bin, 'watch', dir, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const url = await new Promise<string>((done) => child.stdout.once('data', (text) => done(/http:\S+/.exec(String(text))![0])))
  const page = await (await fetch(url)).text()
  t.true(page.includes('<h1>myrun</h1>'))
  t.true(page.includes('of 40 steps'))
  const code = new Promise((done) => child.once('exit', done))
  child.kill('SIGINT')
  t.is(await code, 0)
})
