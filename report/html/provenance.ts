import type { Report } from '../schema.ts'
import { dataFacts, type Facts, provenanceFacts } from '../tables/provenance.ts'
import { html, type Markup } from './markup.ts'
import type { Section } from './section.ts'

/** What the models were trained and measured on, and how answers were counted. */
export function dataSection(report: Report): Section | undefined {
  const { results, freeQueries = [] } = report
  const corpora = dataFacts(report).map(({ corpus, facts }) => html`<h3>${corpus}</h3>${factList(facts)}`)
  if (corpora.length === 0 && results.length === 0) return undefined
  const hasPixels = results.some(({ model }) => model === 'pixel-nn')
  return {
    id: 'data',
    title: 'Data and protocol',
    body: html`<div class="box">${corpora}<h3>How answers are counted</h3><ul>
<li>Recall@K: the share of queries with any of their right answers among the K nearest by cosine. Mean recall: the mean of recall@1, 5 and 10 in both directions.</li>
<li>Rank: 1 + the wrong answers strictly above the best right one + half of those tied with it, rounded up. A model that gives everything one score lands in the middle.</li>
<li>Intervals: 1,000 bootstrap resamples of the images, each with its captions; the middle 95 %.</li>
<li>Kept: the mean recall over the teacher's on the same queries. Gap: the best language's mean recall minus the worst's.</li>
${freeQueries.length > 0 && html`<li>Free queries have several relevant images each. precision@5: the share of the first five images that are relevant; hit@5: the share of queries with one among them; NDCG@10 counts relevant images less the later they come. Chance is exact. Intervals are over queries.</li>`}
${hasPixels && html`<li>pixel-nn learns nothing: it names a drawing by the training drawing it looks most alike, 16 × 16 pixels compared. What it gets right, likeness alone explains.</li>`}
</ul></div>`,
  }
}

/** How to get this report again, and where it was made. */
export function reproduceSection({ provenance, commands }: Report): Section {
  const versions = Object.entries(provenance.versions).map(([name, version]) => `${name} ${version}`)
  return {
    id: 'reproduce',
    title: 'Get this again',
    body: html`${commands?.length && code(commands.join('\n'))}${factList(provenanceFacts(provenance))}
<details><summary>Configuration</summary>${code(JSON.stringify(provenance.config, null, 2))}</details>
<details><summary>Versions</summary>${code(versions.join('\n'))}</details>`,
  }
}

export function factList(facts: Facts): Markup {
  return html`<dl>${facts.map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>`)}</dl>`
}

/** A block of commands or settings that scrolls by itself. */
export function code(text: string): Markup {
  return html`<pre tabindex="0"><code>${text}</code></pre>`
}
