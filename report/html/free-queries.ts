import { languageName } from '../format.ts'
import type { FreeQueryExamples } from '../material.ts'
import type { Report } from '../schema.ts'
import { freeQueryKinds, freeQueryTables } from '../tables/free-queries.ts'
import { clip } from './clip.ts'
import { foundImage } from './examples.ts'
import { html, type Markup } from './markup.ts'
import type { Section } from './section.ts'
import { table } from './table.ts'

/** Free queries with their best images, and the scores of all of them. */
export function freeQueriesSection(report: Report, examples: readonly FreeQueryExamples[]): Section | undefined {
  const tables = freeQueryTables(report)
  if (tables.length === 0 && examples.length === 0) return undefined
  const kinds = freeQueryKinds(report)
  const note =
    examples.length > 0 &&
    html`<p class="note">The five best images of ${examples[0]!.model} for queries evenly spaced over ${examples[0]!.protocol}, not chosen by how well they went; cosine × 100. ✓ marks relevant images.</p>`
  const by = kinds && html`<details><summary>By kind of query</summary>${table(kinds)}</details>`
  return {
    id: 'free-queries',
    title: 'What free queries find',
    body: html`${note}${examples.map(language)}${tables.map(table)}${by}`,
  }
}

function language({ language, queries }: FreeQueryExamples): Markup {
  const cards = queries.map(
    ({ text, kind, hits }) => html`<li class="example"><p class="query"><q lang="${language}" dir="auto">${clip(text)}</q><small>${kind}</small></p>
<ol class="pictures">${hits.map((hit) => foundImage(hit, language))}</ol></li>
`,
  )
  return html`<h3>${languageName(language)}</h3><ul class="examples">${cards}</ul>`
}
