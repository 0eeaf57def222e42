import { languageName, thousands } from '../format.ts'
import type { Report } from '../schema.ts'
import { html, type Markup } from './markup.ts'
import type { Section } from './section.ts'

/** What the models were trained and measured on, and how answers were counted. */
export function dataSection({ data = [], results }: Report): Section | undefined {
  if (data.length === 0 && results.length === 0) return undefined
  const corpora = data.map(
    ({ corpus, licence, languages, counts = {}, note }) => html`<h3>${corpus}</h3><dl>
<dt>Languages</dt><dd>${languages.map(languageName).join(', ')}</dd>
${Object.entries(counts).map(([name, count]) => html`<dt>${name}</dt><dd>${thousands(count)}</dd>`)}
<dt>Licence</dt><dd>${licence}</dd>${note && html`<dt>Note</dt><dd>${note}</dd>`}</dl>`,
  )
  const hasPixels = results.some(({ model }) => model === 'pixel-nn')
  return {
    id: 'data',
    title: 'Data and protocol',
    body: html`<div class="box">${corpora}<h3>How answers are counted</h3><ul>
<li>Recall@K: the share of queries with any of their right answers among the K nearest by cosine. Mean recall: the mean of recall@1, 5 and 10 in both directions.</li>
<li>Rank: 1 + the wrong answers strictly above the best right one + half of those tied with it, rounded up. A model that gives everything one score lands in the middle.</li>
<li>Intervals: 1,000 bootstrap resamples of the images, each with its captions; the middle 95 %.</li>
<li>Kept: the mean recall over the teacher's on the same queries. Gap: the best language's mean recall minus the worst's.</li>
${hasPixels && html`<li>pixel-nn learns nothing: it names a drawing by the training drawing it looks most alike, 16 × 16 pixels compared. What it gets right, likeness alone explains.</li>`}
</ul></div>`,
  }
}

/** How to get this report again, and where it was made. */
export function reproduceSection(report: Report): Section {
  const { config, seed, versions, machine, commit, dirty, minutes, peakMemoryMB } = report.provenance
  const facts: [string, string][] = [
    ['Time', `${minutes.toFixed(1)} minutes`],
    ['Peak memory', `${thousands(Math.round(peakMemoryMB))} MB`],
    [
      'Machine',
      `${machine.cpu}, ${machine.cores} cores, ${thousands(machine.memoryMB)} MB, ${machine.platform}${machine.device ? `, on ${machine.device}` : ''}`,
    ],
    ['Commit', `${commit ?? 'unknown'}${dirty ? ' with local changes' : ''}`],
    ['Seed', String(seed)],
  ]
  return {
    id: 'reproduce',
    title: 'Get this again',
    body: html`${report.commands?.length && code(report.commands.join('\n'))}<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
<details><summary>Configuration</summary>${code(JSON.stringify(config, null, 2))}</details>
<details><summary>Versions</summary>${code(
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join('\n'),
    )}</details>`,
  }
}

/** A block of commands or settings that scrolls by itself. */
export function code(text: string): Markup {
  return html`<pre tabindex="0"><code>${text}</code></pre>`
}
