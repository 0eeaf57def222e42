import type { RecallName } from '../../eval/metrics.ts'
import { headlineProtocol, languageName, rowLabel } from '../format.ts'
import { modelNames, type Report, type ReportResult } from '../schema.ts'
import { otherProtocols, protocolTables } from '../tables/recall.ts'
import { type Bar, barPanel } from './bars.ts'
import { html } from './markup.ts'
import type { Section } from './section.ts'
import { colourOf, legend, modelSeries } from './series.ts'
import { table } from './table.ts'

type BarMetric = RecallName | 'mean_recall'

const bars: { metric: BarMetric; title: string }[] = [
  { metric: 'mean_recall', title: 'Mean recall, %' },
  { metric: 'text_to_image_R@1', title: 'Text to image, recall@1, %' },
  { metric: 'image_to_text_R@1', title: 'Image to text, recall@1, %' },
]

/** Recall per language with intervals, all models side by side: charts and a table of the headline protocol, the others in one table. */
export async function recallSection(report: Report): Promise<Section | undefined> {
  const headline = headlineProtocol(report)
  if (!headline) return undefined
  const rows = report.results.filter((row) => row.protocol === headline.protocol && row.corpus === headline.corpus)
  const charts = await Promise.all(bars.map(({ metric, title }) => barPanel(title, barsOf(metric, rows, report))))
  const others = otherProtocols(report)
  const body = html`${legend(modelSeries(rows, report.results))}
<div class="panels">${charts}</div>
<p class="note">Lines are 95 % bootstrap intervals: images are drawn again, each with its captions. A query is a hit when any of its right answers is in
the top K; ties do not help the model.</p>
${table(protocolTables(report)[0]!)}
${others && html`<h3>Other protocols</h3>${table(others)}`}`
  return { id: 'recall', title: 'Recall in each language', body }
}

function barsOf(metric: BarMetric, rows: readonly ReportResult[], report: Report): Bar[] {
  return rows
    .toSorted((a, b) => modelNames.indexOf(a.model) - modelNames.indexOf(b.model))
    .flatMap((row) => {
      const value = row.metrics[metric]
      if (value === undefined) return []
      const interval = row.interval95?.[metric]
      return [{ group: languageName(row.language), series: rowLabel(row, report.results), colour: colourOf(row), value, interval }]
    })
}
