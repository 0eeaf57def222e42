import type { Pixels } from '../corpora/resize.ts'
import { byId } from './element.ts'
import { type Engine, openEngine, timeOf } from './engine.ts'
import { frame } from './frame.ts'
import { createGrid } from './grid.ts'
import { listen } from './inputs.ts'
import { latest } from './latest.ts'
import { stayOnSite } from './model.ts'
import { createPage } from './page.ts'
import { readPicture } from './pixels.ts'
import { type Format, fetchSite, type Site } from './site.ts'
import { drawThumb } from './thumb.ts'
import { nearest, rowOf } from './vectors.ts'
import { createWords } from './words.ts'

type Question = { words: string } | { file: File } | { own: number }

const shownPictures = 24
const shownWords = 8
const page = createPage()

start().catch(page.fail)

async function start(): Promise<void> {
  stayOnSite()
  const site = await fetchSite()
  const own = (index: number) => ask({ own: index })
  const results = byId('results', HTMLOListElement)
  const grid = createGrid(results, site, own)
  const words = createWords(byId('words', HTMLDivElement), site)
  let engine: Engine | undefined
  let question: Question = { words: page.inputs.query.value }

  const answer = latest(async (question: Question) => {
    if (!engine) return
    await ('words' in question ? answerWords(engine, question.words) : answerPicture(engine, question)).catch(page.fail)
    results.dataset.answered = 'words' in question ? question.words : 'picture'
    results.dataset.format = engine.format.dtype
  })
  const ask = (next: Question) => {
    question = next
    answer(next)
  }

  async function answerWords({ text, pictures, format }: Engine, typed: string): Promise<void> {
    const query = typed.trim()
    page.showWords(query, site)
    if (query === '') return grid.show(someOf(site))
    const began = performance.now()
    const hits = nearest(await text.embed(query), pictures, shownPictures)
    page.showQueryTime(performance.now() - began)
    grid.show(hits, format.scoreThreshold)
    const fits = page.showFit(hits[0]!.score, format.scoreThreshold)
    const best = hits.slice(0, 3).map(({ index }) => nameOf(site, index))
    page.announce(`${fits ? 'Best' : 'Nothing fits well. Nearest'} pictures for ${query}: ${best.join(', ')}`)
  }

  async function answerPicture(engine: Engine, question: { file: File } | { own: number }): Promise<void> {
    const vector = 'own' in question ? rowOf(engine.pictures, question.own) : await embedFile(engine, question.file)
    if ('own' in question) await drawThumb(page.seen, site.pictures, question.own)
    const isOwn = 'own' in question
    page.showPicture(isOwn ? nameOf(site, question.own) : undefined, site)
    const hits = engine.words.map((table) => nearest(vector, table, shownWords))
    words.show(hits, engine.format.logitScale, isOwn ? site.languages.map(({ ofPicture }) => ofPicture[question.own]!) : undefined)
    grid.show(nearest(vector, engine.pictures, shownPictures))
    const said = site.languages.map(({ words }, l) => words[hits[l]![0]?.index ?? -1]).filter(Boolean)
    page.announce(`Best words for this picture: ${said.join(', ')}`)
  }

  async function embedFile(engine: Engine, file: File): Promise<Float32Array> {
    const began = performance.now()
    const picture = await readPicture(file)
    const seen = frame(picture, site.imageSize, site.framing)
    if (!seen) throw new Error('Every pixel of this picture is transparent.')
    page.draw(seen)
    const tower = await engine.image
    const read = performance.now()
    const vector = await tower.embed(seen)
    page.showImageTime(performance.now() - read, read - began)
    return vector
  }

  const open = latest((format: Format) => change(format).catch(page.fail))

  async function change(format: Format): Promise<void> {
    page.loading(format, 0)
    const before = engine
    const opened = await openEngine(site, format, (share) => page.loading(format, share)).catch((error) => {
      page.stay(before)
      throw error
    })
    engine = opened
    page.showQueryTime(await timeOf(() => opened.text.embed(site.languages.find(({ words }) => words.length > 0)!.words[0]!)))
    page.ready(opened, site)
    answer(question)
    await before?.dispose() // an answer may have been under way
    const tower = await opened.image
    page.showImageTime(await timeOf(() => tower.embed(blank(site.imageSize))))
    page.complete()
  }

  page.showFormats(site, (format) => open(format))
  grid.show(someOf(site))
  listen(page.inputs, { words: (words) => ask({ words }), picture: (file) => ask({ file }) })
  page.onExample((words) => ask({ words }))
  open(site.formats[0]!)
}

/** Pictures from all over the gallery, to begin with. */
function someOf({ pictures: { count } }: Site): { index: number }[] {
  const shown = Math.min(shownPictures, count)
  return Array.from({ length: shown }, (_, i) => ({ index: Math.floor(((i + 0.5) * count) / shown) }))
}

function nameOf({ languages }: Site, index: number): string {
  return languages.map(({ words, ofPicture }) => words[ofPicture[index]!]).find(Boolean) ?? `picture ${index + 1}`
}

function blank(size: number): Pixels {
  return { data: new Uint8ClampedArray(4 * size * size).fill(200), width: size, height: size }
}
