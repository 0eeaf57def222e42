import { element } from './element.ts'
import type { Site } from './site.ts'
import type { Hit } from './vectors.ts'

export interface Words {
  /**
   * Shows the words nearest to a picture, by language; bars are as long as a word is likely beside the best one.
   * @param own the words it came with, if it is one of the site's
   */
  show(hits: Hit[][], logitScale: number, own?: number[]): void
}

/** A column of words for each language. */
export function createWords(container: HTMLElement, { languages }: Site): Words {
  const lists = languages.map(({ code, name }) => {
    const list = element('ol', { className: 'texts', lang: code })
    container.append(element('section', {}, element('h3', {}, name), list))
    return list
  })
  return {
    show(hits, logitScale, own) {
      lists.forEach((list, l) => {
        const best = hits[l]![0]?.score ?? 0
        const likely = (score: number) => Math.exp(logitScale * (score - best))
        list.replaceChildren(...hits[l]!.map(({ index, score }) => wordItem(languages[l]!.words[index]!, score, likely(score), own?.[l] === index)))
      })
    },
  }
}

function wordItem(word: string, score: number, share: number, isOwn: boolean): HTMLElement {
  const bar = element('i', {})
  bar.style.width = `${100 * Math.max(0.02, share)}%`
  const meter = element('span', { className: 'meter', ariaHidden: 'true' }, bar)
  const note = isOwn ? [element('span', { className: 'unseen', lang: 'en' }, ' (its name)')] : []
  return element(
    'li',
    { className: isOwn ? 'right' : '' },
    element('span', { className: 'word' }, word, ...note),
    element('small', {}, score.toFixed(2)),
    meter,
  )
}
