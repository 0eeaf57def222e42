import { languageGaps } from '../../eval/languages.ts'
import { headlineProtocol, headlineRows, languageName, megabytes, parameterCount, percent, percentInterval, totalParameters } from '../format.ts'
import type { Report, ReportResult } from '../schema.ts'
import { html, type Markup, type Piece } from './markup.ts'

/** What a reader wants first: which model, how small, and what it keeps in each language. */
export function summary(report: Report): Markup {
  const headline = headlineProtocol(report)
  const main = headlineRows(report)
  const rows = report.results.filter((row) => row.protocol === headline?.protocol && row.corpus === headline.corpus)
  const gap = languageGaps(main)[0]
  return html`<h2 class="unseen">Summary</h2>
<div class="cards">
${sizeCards(report, main[0]?.model ?? 'student')}
${main.map((row) => languageCard(row, rows))}
${gap && card('Gap between languages', html`${percent(gap.gap)} <small>points</small>`, html`best ${languageName(gap.best)}, worst ${languageName(gap.worst)}`)}
</div>
${headline && html`<p class="note">Recall on <strong>${headline.protocol}</strong> (${headline.corpus}), mean of recall@1, 5 and 10 in both directions; in brackets its 95 % interval.</p>`}`
}

/** The sentence under the title. */
export function lead(report: Report): Markup | undefined {
  const { student, teacher } = report.models
  if (!student) return undefined
  const share = teacher && totalParameters(teacher) > 0 ? totalParameters(student) / totalParameters(teacher) : undefined
  const of = teacher?.name ? html`the teacher <b>${teacher.name}</b>` : 'its teacher'
  return html`<p class="lead">The student${student.name && html` <b>${student.name}</b>`} has ${parameterCount(totalParameters(student))} parameters${share !== undefined && html`, ${percent(share)} % of ${of}`}.</p>`
}

function sizeCards(report: Report, subject: ReportResult['model']): Piece {
  const model = report.models[subject]
  if (!model) return undefined
  const { image, text } = model.parameters
  const smallest = Object.entries(model.bytes).sort((a, b) => a[1] - b[1])[0]
  const others = Object.entries(model.bytes).filter(([dtype]) => dtype !== smallest?.[0])
  return [
    card('Parameters', parameterCount(image + text), `image ${solid(parameterCount(image))}, text ${solid(parameterCount(text))}`),
    smallest &&
      card(`Size at ${smallest[0]}`, megabytes(smallest[1]), others.map(([dtype, bytes]) => solid(`${dtype} ${megabytes(bytes)}`)).join(', ')),
  ]
}

/** What the model keeps of its teacher in one language, or its recall where there is no teacher to hold it against. */
function languageCard(row: ReportResult, rows: readonly ReportResult[]): Markup {
  const recall = row.metrics.mean_recall
  const spread = row.interval95?.mean_recall && ` (${percentInterval(row.interval95.mean_recall)})`
  const name = languageName(row.language)
  if (row.retention === undefined) return card(`Recall in ${name}`, html`${percent(recall)} <small>%</small>`, spread)
  const teacher = rows.find((other) => other.model === 'teacher' && other.language === row.language)
  const small = rows.filter(
    (other) => other.model === row.model && other.language === row.language && other.dtype !== row.dtype && other.retention !== undefined,
  )
  return card(
    `Kept in ${name}`,
    html`${percent(row.retention)} <small>%</small>`,
    html`recall ${percent(recall)} %${spread}${teacher && html`, teacher ${percent(teacher.metrics.mean_recall)} %`}${small.map(
      (other) => html`; at ${other.dtype} ${percent(other.retention)} % kept`,
    )}`,
    row.retention,
  )
}

function card(title: string, value: Piece, note: Piece, share?: number): Markup {
  const meter =
    share !== undefined && html`<span class="meter" aria-hidden="true"><i style="width:${(100 * Math.min(1, share)).toFixed(1)}%"></i></span>`
  return html`<div class="card"><h3>${title}</h3><p class="value">${value}</p>${meter}<p>${note}</p></div>
`
}

/** A number and its unit stay on one line. */
function solid(text: string): string {
  return text.replaceAll(' ', '\u00a0')
}
