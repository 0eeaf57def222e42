import { headlineProtocol } from '../format.ts'
import type { Report } from '../schema.ts'
import { headlineTable } from '../tables/headline.ts'
import { leadOf, type SummaryFact, summaryFacts } from '../tables/summary.ts'
import { html, type Markup } from './markup.ts'
import { table } from './table.ts'

/** What a reader wants first: which model, how small, what it keeps in each language, and every headline protocol in one table. */
export function summary(report: Report): Markup {
  const headline = headlineProtocol(report)
  const short = headlineTable(report)
  return html`<h2 class="unseen">Summary</h2>
<div class="cards">
${summaryFacts(report).map(card)}
</div>
${headline && html`<p class="note">Recall on <strong>${headline.protocol}</strong> (${headline.corpus}), mean of recall@1, 5 and 10 in both directions; in brackets its 95 % interval.</p>`}
${short && table(short)}`
}

/** The sentence under the title. */
export function lead(report: Report): Markup | undefined {
  const sentence = leadOf(report)
  return sentence === undefined ? undefined : html`<p class="lead">${sentence}</p>`
}

function card({ title, value, unit, note, share }: SummaryFact): Markup {
  const meter =
    share !== undefined && html`<span class="meter" aria-hidden="true"><i style="width:${(100 * Math.min(1, share)).toFixed(1)}%"></i></span>`
  return html`<div class="card"><h3>${title}</h3><p class="value">${solid(value)}${unit && html` <small>${unit}</small>`}</p>${meter}<p>${note && solid(note)}</p></div>
`
}

/** A number and its unit stay on one line. */
function solid(text: string): string {
  return text.replaceAll(/(\d) (?=[M%]|MB\b)/g, '$1\u00a0')
}
