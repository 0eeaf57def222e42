import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { Browser, Page } from 'playwright-core'
import sharp from 'sharp'
import { permutation, random } from '../../../base/random.ts'
import { decodeImage, toPixelValues } from '../../../corpora/images.ts'
import { openCorpus } from '../../../corpora/open.ts'
import { exportFolder } from '../../../export/package.ts'
import { openOnnxFolder } from '../../../models/onnx/open-folder.ts'
import { writeThresholds } from '../../../models/score-threshold.ts'
import { buildDemo } from '../../../web/site/demo.ts'
import { serveSite } from '../../../web/site/server.ts'
import type { Format, Site } from '../../../web/site.ts'
import { decodeVectors, scores, type Vectors } from '../../../web/vectors.ts'
import { smallModel } from '../../export/small-model.ts'
import { browserTest } from '../../report/browser.ts'

const patience = 300_000 // ms; a machine may be busy with other things
/** Scores may differ by this much: quantized files round, and the browser's runtime rounds elsewhere. */
const tolerance = { fp32: 1e-5, q8: 0.002 } as Record<Format['dtype'], number>

let built: Promise<{ dir: string; site: Site }> | undefined

/** A site of a small model with random weights and 30 emoji, built once for all tests. */
function smallSite(t: ExecutionContext) {
  built ??= build(t)
  return built
}

async function build(t: ExecutionContext) {
  const { model, tokenizerDir } = await smallModel(t)
  const dir = await mkdtemp(join(tmpdir(), 'distilingual-demo-'))
  await exportFolder(model, { tokenizerDir, out: join(dir, 'small'), dtypes: ['fp32', 'q8'], threads: 1, leaveOut: ['combined', 'safetensors'] })
  // No picture fits by q8's score, every one by fp32's.
  await writeThresholds(join(dir, 'small'), { q8: { value: 1, measured: [] }, fp32: { value: -1, measured: [] } })
  const corpus = await openCorpus('emoji', { languages: ['en', 'zh'] })
  const site = await buildDemo(corpus, { model: join(dir, 'small'), out: join(dir, 'site'), languages: ['en', 'zh'], limit: 30, threads: 1 })
  return { dir: join(dir, 'site'), site }
}

test.after.always(async () => {
  if (built)
    await built.then(
      ({ dir }) => rm(join(dir, '..'), { recursive: true, force: true }),
      () => {},
    )
})

/** Opens the site as a visitor would, below a path of its host; `complaints` collects what should not happen. */
async function visit(t: ExecutionContext, browser: Browser, dir: string, options: Parameters<Browser['newContext']>[0] = {}) {
  const server = await serveSite(dir, { port: 0, path: '/some/where/' })
  t.teardown(() => server.close())
  const context = await browser.newContext(options)
  context.setDefaultTimeout(patience)
  const complaints: string[] = []
  await context.route('**', (route) => {
    if (route.request().url().startsWith(server.url)) return route.continue()
    complaints.push(`asks for ${route.request().url()}`)
    return route.abort()
  })
  const page = await context.newPage()
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(`console: ${message.text()}`))
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('response', (response) => response.status() >= 400 && complaints.push(`${response.status()} ${response.url()}`))
  await page.goto(server.url)
  await page.waitForSelector('body[data-state=complete]')
  return { page, complaints }
}

async function type(page: Page, words: string, dtype: Format['dtype']): Promise<number[]> {
  await page.fill('#query', words)
  await page.waitForSelector(`#results[data-answered=${JSON.stringify(words)}][data-format=${dtype}]`)
  return shown(page)
}

const shown = (page: Page) => page.$$eval('#results li:not([hidden])', (items) => items.map((item) => Number((item as HTMLElement).dataset.index)))

/** Each place holds what Node has there, or something that scores the same but for rounding. */
function sameOrder(t: ExecutionContext, what: string, got: number[], expected: Float32Array, least: number): void {
  const best = [...expected].sort((a, b) => b - a)
  t.is(new Set(got).size, got.length)
  got.forEach((index, place) =>
    t.true(Math.abs(expected[index]! - best[place]!) < least, `${what}: place ${place + 1} scores ${expected[index]}, not ${best[place]}`),
  )
}

async function tables(dir: string, { vectors }: Format): Promise<Vectors[]> {
  const file = await readFile(join(dir, vectors))
  return decodeVectors(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer)
}

browserTest('the page ranks as Node does, in both languages and formats, and stays on its server', async (t, browser) => {
  const { dir, site } = await smallSite(t)
  const { page, complaints } = await visit(t, browser, dir)
  t.is(site.pictures.count, 30)
  t.deepEqual(
    site.formats.map(({ dtype }) => dtype),
    ['q8', 'fp32'],
  )
  t.is((await shown(page)).length, 24)
  for (const format of site.formats) {
    await page.check(`#formats input[value=${format.dtype}]`, { force: true })
    await page.waitForSelector(`body[data-state=complete] #results[data-format=${format.dtype}]`)
    const encoder = await openOnnxFolder(join(dir, 'model'), { dtype: format.dtype, threads: 1 })
    t.teardown(() => encoder.release())
    const [pictures] = await tables(dir, format)
    for (const { code, words } of site.languages) {
      for (const w of [...permutation(words.length, random(4, words.length))].slice(0, 20)) {
        const got = await type(page, words[w]!, format.dtype)
        const expected = scores(await encoder.encodeTexts([words[w]!]), pictures!)
        t.is(got.length, 24)
        sameOrder(t, `${format.dtype}, ${code}, ${words[w]}`, got, expected, tolerance[format.dtype])
      }
    }
  }
  t.regex((await page.textContent('#results-title'))!, /^Pictures for “.+”$/)
  for (const id of ['size', 'query-time', 'image-time']) t.regex((await page.textContent(`#${id}`))!, /^\d+(\.\d)?$/, id)
  t.deepEqual(complaints, [])
})

browserTest('where nothing fits the page says so and greys what is nearest', async (t, browser) => {
  const { dir, site } = await smallSite(t)
  const { page, complaints } = await visit(t, browser, dir)
  const greyed = () => page.$$eval('#results li:not([hidden])', (items) => items.filter((item) => item.classList.contains('unfit')).length)
  t.deepEqual([await page.isVisible('#fit'), await greyed()], [false, 0], 'before anything is asked for')
  const [word] = site.languages[0]!.words
  t.is((await type(page, word!, 'q8')).length, 24)
  t.regex((await page.textContent('#fit'))!, /^Nothing fits well: the best score is -?0\.\d\d, below 1\.00\. These are the nearest\.$/)
  t.deepEqual([await page.isVisible('#fit'), await greyed()], [true, 24])
  await page.waitForFunction(() => document.querySelector('#announcer')!.textContent!.startsWith('Nothing fits well.'))

  await page.check('#formats input[value=fp32]', { force: true })
  await page.waitForSelector('body[data-state=complete] #results[data-format=fp32]')
  t.deepEqual([await page.isVisible('#fit'), await greyed()], [false, 0])
  await page.check('#formats input[value=q8]', { force: true })
  await page.waitForSelector('body[data-state=complete] #results[data-format=q8]')
  await page.click('#results li:first-child button')
  await page.waitForSelector('#results[data-answered=picture]')
  t.deepEqual([await page.isVisible('#fit'), await greyed()], [false, 0], 'the score is for words')
  t.deepEqual(complaints, [])
})

browserTest('a picture that is dropped, chosen or taken from the results yields words', async (t, browser) => {
  const { dir, site } = await smallSite(t)
  const { page, complaints } = await visit(t, browser, dir)
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200"><circle cx="120" cy="90" r="80" fill="#c33"/></svg>'
  const file = await sharp(Buffer.from(svg)).png().toBuffer()
  const encoder = await openOnnxFolder(join(dir, 'model'), { dtype: 'q8', threads: 1 })
  t.teardown(() => encoder.release())
  const vector = await encoder.encodeImages(toPixelValues(await decodeImage({ key: 'circle', read: async () => file }, 32), 32), 1)
  const [, ...words] = await tables(dir, site.formats[0]!)
  const checkWords = async () => {
    await page.waitForSelector('#results[data-answered=picture]')
    t.is(await page.textContent('#picture-title'), 'Words for your picture')
    for (const [l, { code, words: names }] of site.languages.entries()) {
      const got = await page.$$eval(`#words ol[lang=${code}] .word`, (items) => items.map((item) => item.textContent!))
      t.is(got.length, 8)
      sameOrder(
        t,
        code,
        got.map((word) => names.indexOf(word)),
        scores(vector, words[l]!),
        tolerance.q8,
      )
    }
  }

  const bytes = JSON.stringify([...file])
  const dropped = await page.evaluateHandle(
    `(() => { const data = new DataTransfer(); data.items.add(new File([Uint8Array.from(${bytes})], 'circle.png', { type: 'image/png' })); return data })()`,
  )
  await page.dispatchEvent('main', 'dragenter', { dataTransfer: dropped })
  t.true(await page.isVisible('.drop-here'))
  await page.dispatchEvent('main', 'drop', { dataTransfer: dropped })
  await checkWords()
  t.false(await page.isVisible('.drop-here'))

  await type(page, 'dog', 'q8')
  t.false(await page.isVisible('#picture'))
  await page.setInputFiles('#file', { name: 'circle.png', mimeType: 'image/png', buffer: file })
  await checkWords()
  t.is(await page.inputValue('#query'), '')

  await page.setInputFiles('#file', { name: 'notes.txt', mimeType: 'image/png', buffer: Buffer.from('no picture') })
  await page.waitForSelector('#message:not([hidden])')
  t.is(await page.textContent('#message'), 'This file is no picture that this browser can read.')

  await page.focus('#results li:nth-child(2) button') // by keyboard alone
  const own = (await shown(page))[1]!
  await page.keyboard.press('Enter')
  // Not waitForFunction: it evaluates a string, which the page's policy forbids.
  await page.locator('#picture-title').filter({ hasNotText: 'Words for your picture' }).waitFor()
  t.is((await shown(page))[0], own, 'nothing is more like a picture than itself')
  t.is(await page.textContent('#picture-title'), `Words for “${site.languages[0]!.words[site.languages[0]!.ofPicture[own]!]}”`)
  await page.click('#close')
  await page.waitForSelector('#picture', { state: 'hidden' })
  t.is(await page.evaluate('document.activeElement.id'), 'query')
  t.deepEqual(complaints, [])
})

browserTest('on a phone nothing is wider than the screen, everything has a name, and a format that cannot be had is given up', async (t, browser) => {
  const { dir, site } = await smallSite(t)
  const { page, complaints } = await visit(t, browser, dir, { viewport: { width: 320, height: 640 }, colorScheme: 'dark', reducedMotion: 'reduce' })
  const overflow = () => page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')
  t.is(await overflow(), 0)
  await type(page, '狗', 'q8')
  t.is(await overflow(), 0)
  await page.click('#results li:first-child button')
  await page.waitForSelector('#picture:not([hidden])')
  t.is(await overflow(), 0)
  await page.getByRole('searchbox', { name: 'Words in English or Chinese' }).waitFor()
  await page.getByLabel('Picture to find words for').waitFor({ state: 'attached' })
  t.true((await page.getByRole('radio').count()) === 2)
  const nameless = await page.$$eval('button, input, canvas, progress', (all) =>
    all.filter((one) => !(one.textContent || one.getAttribute('aria-label') || (one as HTMLInputElement).labels?.length)).map((one) => one.outerHTML),
  )
  t.deepEqual(nameless, [])
  await page
    .locator('#announcer')
    .filter({ hasText: /^Best words for this picture: / })
    .waitFor({ state: 'attached' })
  t.deepEqual(complaints, [])

  await page.route(`**/${site.formats[1]!.vectors}`, (route) => route.abort())
  await page.check('#formats input[value=fp32]', { force: true })
  await page.waitForSelector('#message:not([hidden])')
  await page.waitForSelector('body[data-state=complete] #progress', { state: 'hidden' })
  t.true(await page.isChecked('#formats input[value=q8]'), 'the format that is still in use')
  await type(page, 'dog', 'q8')
})
