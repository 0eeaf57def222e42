import { languageName, thousands } from '../format.ts'
import type { ExampleSet, Hit, QueryExample } from '../material.ts'
import { clip } from './clip.ts'
import { html, type Markup } from './markup.ts'
import { picture } from './picture.ts'
import type { Section } from './section.ts'

/** Characters of markup that examples may take, pictures included: the page stays below 5 MB. */
const room = 3_000_000

/** Queries that went worst and best, with what they found; languages that no longer fit are named instead. */
export function examplesSection(sets: readonly ExampleSet[]): Section | undefined {
  const parts: Markup[] = []
  const omitted: string[] = []
  let used = 0
  for (const set of sets.filter(({ worst, best }) => worst.length + best.length > 0)) {
    const part = language(set)
    used += part.markup.length
    if (used <= room) parts.push(part)
    else omitted.push(languageName(set.language))
  }
  if (parts.length + omitted.length === 0) return undefined
  const note = html`<p class="note">What each query found, best first, with its cosine × 100. ✓ marks right answers; the last one, after the gap, is the right answer that was missed.</p>`
  return {
    id: 'examples',
    title: 'Worst and best queries',
    body: html`${note}${parts}${omitted.length > 0 && html`<p class="note">Left out to keep this page small: ${omitted.join(', ')}.</p>`}`,
  }
}

function language({ language, model, protocol, worst, best }: ExampleSet): Markup {
  const list = (title: string, examples: QueryExample[]) =>
    examples.length > 0 && html`<h4>${title}</h4><ul class="examples">${examples.map((example) => card(example, language))}</ul>`
  return html`<h3>${languageName(language)} <small>${model}, ${protocol}</small></h3>${list('Worst', worst)}${list('Best', best)}`
}

function card(example: QueryExample, language: string): Markup {
  const { query, rank, gallery, hits, missed } = example
  const shownQuery =
    'text' in query
      ? html`<q lang="${language}" dir="auto">${clip(query.text)}</q>`
      : html`${picture(query.picture, 56)} <span lang="${language}" dir="auto">${clip(query.picture.label)}</span>`
  const kind = example.direction === 'text_to_image' ? 'pictures' : 'texts'
  return html`<li class="example">
<p class="query">${shownQuery}<small>rank ${thousands(rank)} of ${thousands(gallery)}</small></p>
<ol class="${kind}">${hits.map((hit) => foundImage(hit, language))}${missed && foundImage(missed, language, true)}</ol></li>
`
}

/** An image or text that was found, with its cosine. */
export function foundImage({ rank, score, isRight, picture: image, label }: Hit, language: string, isMissed = false): Markup {
  const style = [isRight && 'right', isMissed && 'missed'].filter(Boolean).join(' ')
  const number = isMissed ? html`<b>${thousands(rank)}.</b> ` : ''
  const cosine = html`<small>${number}${isRight && html`<b aria-label="right">✓</b> `}${Math.round(100 * score)}</small>`
  if (image) return html`<li class="${style}">${picture(image, 56)}${cosine}</li>`
  return html`<li class="${style}"><span lang="${language}" dir="auto">${clip(label)}</span>${cosine}</li>`
}
