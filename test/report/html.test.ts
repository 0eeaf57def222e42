import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import type { Browser, Page } from 'playwright-core'
import { html, raw } from '../../report/html/markup.ts'
import { renderHtml } from '../../report/html.ts'
import type { ReportMaterial } from '../../report/material.ts'
import { parseReport, type Report } from '../../report/schema.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'
import { browserTest } from './browser.ts'
import { comparisonPage } from './comparison-example.ts'
import { exampleReport } from './example.ts'
import { fullMaterial, fullReport } from './html-example.ts'

/** Text that only a mistake puts on a page; the script may say it. Short, so that a failure does not print the page. */
const mistakes = (page: string) =>
  page.replace(/<script>[\s\S]*<\/script>/, '').match(/.{0,40}(?:undefined|NaN|Infinity|\[object|https?:\/\/).{0,40}/g)
const titles = (page: string) => [...page.matchAll(/<h2 id="([^"]+)"/g)].map(([, id]) => id)

test('markup escapes everything but markup', (t) => {
  const list = ['<a>', html`<b>${'&'}</b>`, raw('<i>')]
  t.is(html`<p title="${'"'}">${list}${undefined}${null}${false}${0}</p>`.markup, '<p title="&#34;">&#60;a&#62;<b>&#38;</b><i>0</p>')
})

test('the page has every part there is material for', async (t) => {
  const page = await renderHtml(fullReport(), fullMaterial())
  t.deepEqual(titles(page), [
    'free-queries',
    'recall',
    'sizes',
    'training',
    'languages',
    'groups',
    'zero-shot',
    'examples',
    'similarity',
    'data',
    'reproduce',
  ])
  t.true(page.includes('&#60;b&#62;狗脸&#60;/b&#62;'))
  t.false(page.includes('<student>'))
  t.true(page.includes('Commonest mistakes among 25 classes'))
  t.regex(page, /<h3>Gap<\/h3>[\s\S]*<td>5\.0<\/td>[\s\S]*<td>2\.0<\/td>/)
  t.regex(page, /<th scope="col">student en<\/th>/)
  t.true(page.includes('something &#60;i&#62;to drink'))
  t.regex(page, /at step 3,000/)
  t.true(page.length < 200_000, `${page.length}`)
  t.is(mistakes(page), null)
})

test('parts without material are absent, not empty', async (t) => {
  const { results, provenance } = exampleReport()
  const bare = await renderHtml({ schema: 1, models: {}, results: results.slice(0, 1), provenance: { ...provenance, commit: null } })
  t.deepEqual(titles(bare), ['recall', 'data', 'reproduce'])
  t.is(mistakes(bare), null)
  t.false(bare.includes('No pixel baseline'))
  const empty = await renderHtml(
    { schema: 1, models: {}, results: [], provenance },
    { training: [{ name: 'Stage 1', lines: [] }], examples: [], confusions: [] },
  )
  t.deepEqual(titles(empty), ['reproduce'])
  t.is(mistakes(empty), null)
})

test('a page of thirteen languages stays below 5 MB, by leaving out examples', async (t) => {
  const material = fullMaterial()
  const [set] = material.examples!
  for (const { hits } of set!.worst) for (const hit of hits) hit.picture = { label: hit.label, url: `data:image/png;base64,${'A'.repeat(100_000)}` }
  material.examples = ['en', 'zh', 'ja', 'ko', 'de', 'fr', 'es', 'ru', 'ar', 'hi', 'vi', 'th', 'pt'].map((language) => ({ ...set!, language }))
  const page = await renderHtml(fullReport(), material)
  t.true(page.length < 5e6)
  t.true(/Left out to keep this page small: .*Portuguese\./.test(page))
})

test('captions, classes and groups of a megabyte are clipped: the page stays below 5 MB', async (t) => {
  const long = '狗'.repeat(1_000_000)
  const material = JSON.parse(JSON.stringify({ ...fullMaterial(), confusions: [] }), (key, value) =>
    key === 'text' || key === 'label' ? long : key === 'texts' ? value.map(() => long) : value,
  ) as ReportMaterial
  material.confusions = fullMaterial().confusions!.map((entry) => ({ ...entry, classes: entry.classes.map(() => long) }))
  const report = fullReport()
  report.groups![0]!.group = long
  report.freeQueries![2]!.kind = long
  const page = await renderHtml(report, material)
  t.true(page.length < 1e6, `${page.length}`)
  t.true(page.includes(`${'狗'.repeat(200)}…`))
})

test('a report that spells out gaps, zero-shot, agreement and groups fits the schema', async (t) => {
  const report = JSON.parse(JSON.stringify(fullReport())) as Report
  t.deepEqual(parseReport(report), report)
  report.gaps![0]!.gap = 5
  await throwsUserError(t, () => parseReport(report), { where: /gaps\.0\.gap/ })
})

/** Opens a page from a file and fails on whatever the browser complains of or asks for. */
async function open(t: ExecutionContext, browser: Browser, width: number, colorScheme: 'light' | 'dark' = 'light', markup?: string): Promise<Page> {
  const dir = await temporaryFolder(t)
  const file = join(dir, 'report.html')
  await writeFile(file, markup ?? (await renderHtml(fullReport(), fullMaterial())))
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
  page.setDefaultTimeout(180_000) // a busy machine is no failure
  page.on('console', (message) => t.fail(`console: ${message.text()}`))
  page.on('pageerror', (error) => t.fail(`error: ${error.message}`))
  page.on('request', (request) => {
    if (!/^(?:data:|file:.*report\.html$)/.test(request.url())) t.fail(`request: ${request.url()}`)
  })
  await page.goto(pathToFileURL(file).href)
  return page
}

browserTest('a browser shows both pages without complaint or request, at 400 and 1200 pixels, light and dark', async (t, browser) => {
  const pages = [await renderHtml(fullReport(), fullMaterial()), await comparisonPage()]
  const views = pages.flatMap((markup) => [400, 1200].map((width) => ({ markup, width })))
  for (const { markup, width } of views) {
    for (const scheme of ['light', 'dark'] as const) {
      const page = await open(t, browser, width, scheme, markup)
      await page.evaluate('for (const details of document.querySelectorAll("details")) details.open = true')
      t.is(await page.evaluate('document.documentElement.scrollWidth'), width, `scrolls sideways at ${width}`)
      // Charts are drawn in the page's colours: ink differs between the two schemes.
      const [ink, grid] = await page.evaluate<string[]>(
        "[getComputedStyle(document.body).color, getComputedStyle(document.querySelector('svg.chart line')).stroke]",
      )
      t.deepEqual([ink, grid], scheme === 'light' ? ['rgb(27, 29, 32)', 'rgb(226, 227, 229)'] : ['rgb(230, 231, 233)', 'rgb(50, 53, 58)'])
      await page.close()
    }
  }
})

browserTest('the comparison sorts by what its numbers are worth, not by how they are written', async (t, browser) => {
  const page = await open(t, browser, 1200, 'light', await comparisonPage())
  const table = page.locator('table.sortable').filter({ hasText: 'verdict' })
  await table.locator('thead th').filter({ hasText: /^Δ$/ }).getByRole('button').click()
  const shown = await table.locator('tbody tr').allInnerTexts()
  const differences = shown.map((row) => Number(/[+−]\d+\.\d/.exec(row)![0].replace('−', '-')))
  t.is(differences.length, 4)
  t.deepEqual(
    differences,
    differences.toSorted((a, b) => b - a),
  )
  t.true(differences[0]! > 0 && differences.at(-1)! < 0)
  t.regex(shown[0]!, /better$/)
  t.regex(shown.at(-1)!, /worse$/)
})

/** Pairs of texts of the size and time charts that cover each other. */
const overlappingLabels = `[...document.querySelectorAll('#sizes ~ .panels svg')].flatMap((svg) => {
  const boxes = [...svg.querySelectorAll('text')].map((text) => ({ name: text.textContent, box: text.getBoundingClientRect() }))
  const overlap = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 2 && b.top < a.bottom - 2
  return boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) => overlap(a.box, b.box)).map((b) => a.name + ' / ' + b.name))
})`

browserTest('every thumbnail is shown and every chart keeps to its column', async (t, browser) => {
  for (const width of [400, 1200]) {
    const page = await open(t, browser, width)
    await page.evaluate('for (const details of document.querySelectorAll("details")) details.open = true')
    t.true((await page.locator('img').count()) > 5)
    t.is(await page.evaluate("[...document.querySelectorAll('img')].filter((image) => !image.complete || image.naturalWidth === 0).length"), 0)
    const wide =
      "[...document.querySelectorAll('figure')].filter((figure) => figure.querySelector('svg, dl').getBoundingClientRect().right > figure.getBoundingClientRect().right + 1).length"
    t.is(await page.evaluate(wide), 0)
    t.deepEqual(await page.evaluate(overlappingLabels), [], 'labels upon each other')
    await page.close()
  }
})

browserTest('tables sort by a click or a key on a heading', async (t, browser) => {
  const page = await open(t, browser, 1200)
  const table = page.locator('#recall ~ .scroll table.sortable').first()
  const column = (n: number) => table.locator(`tbody tr > :nth-child(${n})`).allInnerTexts()
  const head = (name: string) => table.locator('thead th').filter({ hasText: new RegExp(`^${name}$`) })
  const before = await column(1)
  t.is(await head('MR').getAttribute('aria-sort'), 'none')

  await head('MR').getByRole('button').click()
  t.is(await head('MR').getAttribute('aria-sort'), 'descending')
  t.deepEqual(await column(9), ['40.0', '30.0', '30.0', '25.0', '25.0', '20.0', '–'])
  await head('MR').getByRole('button').click()
  t.deepEqual(await column(9), ['20.0', '25.0', '25.0', '30.0', '30.0', '40.0', '–'])

  await head('model').getByRole('button').press('Enter')
  t.is(await head('MR').getAttribute('aria-sort'), 'none')
  t.is(await head('model').getAttribute('aria-sort'), 'ascending')
  t.deepEqual(
    await column(1),
    before.toSorted((a, b) => a.localeCompare(b)),
  )
})

browserTest('it can be read aloud: one h1, headings in order, names for charts, pictures and tables', async (t, browser) => {
  const page = await open(t, browser, 1200)
  const levels = await page.evaluate<number[]>("[...document.querySelectorAll('h1,h2,h3,h4')].map(({ tagName }) => Number(tagName[1]))")
  t.deepEqual(
    levels.filter((level) => level === 1),
    [1],
  )
  levels.reduce((above, level) => {
    t.true(level <= above + 1, `h${level} after h${above}`)
    return level
  })
  const unnamed = 'document.querySelectorAll(\'img:not([alt]), img[alt=""], svg:not([role=img][aria-label]), th:not([scope])\').length'
  t.is(await page.evaluate(unnamed), 0)
  t.is(await page.evaluate("[...document.querySelectorAll('table')].filter((table) => !table.caption).length"), 0)
})

browserTest('on paper everything is unfolded', async (t, browser) => {
  const page = await open(t, browser, 1200)
  t.true((await page.pdf()).length > 10_000)
  await page.evaluate("dispatchEvent(new Event('beforeprint'))")
  t.is(await page.locator('details:not([open])').count(), 0)
  await page.evaluate("dispatchEvent(new Event('afterprint'))")
  t.is(await page.locator('details[open]').count(), 0)
})
