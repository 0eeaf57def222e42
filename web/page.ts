import type { Pixels } from '../corpora/resize.ts'
import { byId } from './element.ts'
import type { Engine } from './engine.ts'
import { showFormats } from './formats.ts'
import { type Format, megabytes, type Site, thousands } from './site.ts'

/** Every part of the page that says something, but for the pictures and words themselves. */
export function createPage() {
  const inputs = { query: byId('query', HTMLInputElement), file: byId('file', HTMLInputElement), form: byId('search', HTMLFormElement) }
  const title = byId('results-title', HTMLElement)
  const panel = byId('picture', HTMLElement)
  const seen = byId('seen', HTMLCanvasElement)
  const message = byId('message', HTMLElement)
  const fit = byId('fit', HTMLElement)
  const text = (id: string, value: string) => {
    byId(id, HTMLElement).textContent = value
  }
  const clear = () => {
    message.hidden = true
    fit.hidden = true
  }
  return {
    inputs,
    seen,
    announce: announcer(byId('announcer', HTMLElement)),

    showWords(query: string, { pictures }: Site) {
      clear()
      panel.hidden = true
      title.textContent = query ? `Pictures for “${query}”` : `Some of the ${thousands(pictures.count)} pictures`
    },

    /** Says that even the best picture does not fit the words, where it scores less than `least`; returns whether it does. */
    showFit(best: number, least = Number.NEGATIVE_INFINITY): boolean {
      fit.hidden = best >= least
      fit.textContent = `Nothing fits well: the best score is ${best.toFixed(2)}, below ${least.toFixed(2)}. These are the nearest.`
      return fit.hidden
    },

    /** @param name of one of the site's pictures */
    showPicture(name: string | undefined, { imageSize }: Site) {
      clear()
      panel.hidden = false
      if (panel.getBoundingClientRect().top < 0) panel.scrollIntoView() // it was chosen far down
      inputs.query.value = ''
      title.textContent = 'Pictures like it'
      text('picture-title', name ? `Words for “${name}”` : 'Words for your picture')
      text('seen-note', name ? 'One of the pictures here.' : `What the model sees: ${imageSize}\u00a0×\u00a0${imageSize}\u00a0pixels.`)
      seen.setAttribute('aria-label', name ?? 'Your picture, as the model sees it')
    },

    draw({ data, width, height }: Pixels) {
      seen.width = width
      seen.height = height
      seen.getContext('2d')!.putImageData(new ImageData(Uint8ClampedArray.from(data), width, height), 0, 0)
    },

    showQueryTime: (ms: number) => text('query-time', milliseconds(ms)),

    /** @param read milliseconds for decoding and resizing, where there was a file */
    showImageTime(ms: number, read?: number) {
      text('image-time', milliseconds(ms))
      if (read !== undefined) text('image-note', `and ${milliseconds(read)} ms to decode and resize it`)
    },

    loading({ dtype, bytes }: Format, share: number) {
      const bar = byId('progress', HTMLProgressElement)
      document.body.dataset.state = 'loading'
      bar.hidden = false
      bar.value = share
      bar.setAttribute('aria-label', `Loading the model, ${dtype}, ${megabytes(bytes)}`)
    },

    ready({ format, vectorBytes }: Engine, { pictures }: Site) {
      document.body.dataset.state = 'ready'
      text('size', megabytes(format.bytes).replace(' MB', ''))
      text('index-note', `${megabytes(vectorBytes)} for ${thousands(pictures.count)} pictures and their words, 8 bits a number`)
    },

    complete() {
      document.body.dataset.state = 'complete'
      byId('progress', HTMLProgressElement).hidden = true
    },

    /** With what was there before another format, which could not be had. */
    stay(engine: Engine | undefined) {
      byId('progress', HTMLProgressElement).hidden = true
      if (!engine) return
      document.body.dataset.state = 'complete'
      const radio = document.querySelector<HTMLInputElement>(`#formats input[value=${engine.format.dtype}]`)
      if (radio) radio.checked = true
    },

    showFormats: (site: Site, choose: (format: Format) => void) => showFormats(byId('formats', HTMLFieldSetElement), site.formats, choose),

    /** Examples, and the button that puts the picture away, ask for words. */
    onExample(ask: (words: string) => void) {
      const put = (words: string) => {
        inputs.query.value = words
        ask(words)
      }
      for (const button of document.querySelectorAll<HTMLButtonElement>('#examples button'))
        button.addEventListener('click', () => put(button.textContent!))
      byId('close', HTMLButtonElement).addEventListener('click', () => {
        put('')
        inputs.query.focus()
      })
    },

    fail(error: unknown) {
      message.hidden = false
      message.textContent = error instanceof Error ? error.message : String(error)
    },
  }
}

/** Says things to screen readers when somebody has stopped typing, not at every letter. */
function announcer(region: HTMLElement): (words: string) => void {
  let timer = 0
  return (words) => {
    window.clearTimeout(timer)
    timer = window.setTimeout(() => {
      region.textContent = words
    }, 700)
  }
}

function milliseconds(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : ms.toFixed(0)
}
