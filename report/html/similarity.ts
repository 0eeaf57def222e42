import { languageName } from '../format.ts'
import type { SimilarityMap } from '../material.ts'
import { clip } from './clip.ts'
import { heatMap } from './heat-map.ts'
import { html, type Markup } from './markup.ts'
import { picture } from './picture.ts'
import type { Section } from './section.ts'

/** Cosines of a few images with a few texts: the diagonal should stand out. */
export function similaritySection(maps: readonly SimilarityMap[]): Section | undefined {
  if (maps.length === 0) return undefined
  const note = html`<p class="note">Cosine × 100 of images with texts; outlined where the text describes the image. Colour runs from the lowest to the highest value of each map.</p>`
  return { id: 'similarity', title: 'Similarity of images and texts', body: html`${note}${maps.map(mapOf)}` }
}

function mapOf({ model, protocol, language, images, texts, values, right }: SimilarityMap): Markup {
  const all = values.flat()
  const [low, high] = [Math.min(...all), Math.max(...all)]
  const rows = texts.map((text, column) => ({
    head: html`<bdi lang="${language}">${clip(text)}</bdi>`,
    cells: images.map(({ label }, row) => {
      const value = values[row]![column]!
      return {
        heat: high > low ? (value - low) / (high - low) : 0,
        text: String(Math.round(100 * value)),
        about: `${clip(label)} · ${clip(text)}: ${value.toFixed(3)}`,
        isMarked: right[row]![column]!,
      }
    }),
  }))
  return heatMap(
    `${languageName(language)}, ${model}, ${protocol}`,
    '',
    images.map((image) => picture(image, 32)),
    rows,
  )
}
