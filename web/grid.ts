import { element } from './element.ts'
import type { Site } from './site.ts'
import { showThumb } from './thumb.ts'
import type { Hit } from './vectors.ts'

export interface Grid {
  /** Shows pictures, best first; `score` is left out where there is none. Those that score less than `least` are greyed. */
  show(hits: (Omit<Hit, 'score'> & { score?: number })[], least?: number): void
}

/**
 * Ranked pictures in a list. Its tiles stay and change their picture: nothing flickers while somebody types, and the focus stays.
 * @param onPick gets the picture that somebody has chosen
 */
export function createGrid(list: HTMLElement, site: Site, onPick: (index: number) => void): Grid {
  const tiles: Tile[] = []
  return {
    show(hits, least = Number.NEGATIVE_INFINITY) {
      while (tiles.length < hits.length) {
        const tile = createTile(site, onPick)
        tiles.push(tile)
        list.append(tile.item)
      }
      tiles.forEach((tile, i) => {
        tile.item.hidden = i >= hits.length
        if (i >= hits.length) return
        const { index, score } = hits[i]!
        tile.show(index, score)
        tile.item.classList.toggle('unfit', score !== undefined && score < least)
      })
    },
  }
}

interface Tile {
  item: HTMLElement
  show(index: number, score?: number): void
}

function createTile({ pictures, languages }: Site, onPick: (index: number) => void): Tile {
  const thumb = element('span', { className: 'thumb' })
  const names = languages.map(({ code }) => element('span', { lang: code, className: 'name' }))
  const score = element('small', { className: 'score' })
  const button = element('button', { type: 'button', className: 'tile' }, thumb, ...names, score)
  const item = element('li', {}, button)
  let shown = -1
  button.addEventListener('click', () => onPick(shown))
  return {
    item,
    show(index, value) {
      if (index !== shown) {
        shown = index
        item.dataset.index = String(index)
        showThumb(thumb, pictures, index)
        languages.forEach(({ words, ofPicture }, l) => {
          names[l]!.textContent = words[ofPicture[index]!] ?? ''
        })
        button.title = names.map(({ textContent }) => textContent).join(' · ')
      }
      score.textContent = value === undefined ? '' : value.toFixed(2)
    },
  }
}
