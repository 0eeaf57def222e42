import { grouped } from '../../base/grouped.ts'
import { mean } from '../../eval/metrics.ts'
import { headlineProtocol, rowLabel } from '../format.ts'
import type { Report, ReportModel, ReportResult } from '../schema.ts'
import { modelTable } from '../tables/models.ts'
import { html } from './markup.ts'
import { type ScatterPoint, scatterPanel } from './scatter.ts'
import type { Section } from './section.ts'
import { colourOf } from './series.ts'
import { table } from './table.ts'

/** Parameters, bytes and speed of every model in every number format, and what recall they buy. */
export async function sizesSection(report: Report): Promise<Section | undefined> {
  const models = modelTable(report)
  if (!models) return undefined
  const size = pointsOf(report, ({ bytes }, dtype) => (bytes[dtype] === undefined ? undefined : bytes[dtype] / 1e6))
  const time = pointsOf(report, ({ latency }, dtype) => latency?.[dtype] && latency[dtype].image + latency[dtype].text)
  const panels = [
    await scatterPanel('Mean recall, %, against size', 'MB', size),
    await scatterPanel('Mean recall, %, against time for one image and one text', 'ms', time),
  ]
  const charts =
    panels.some(Boolean) &&
    html`<div class="panels">${panels}</div><p class="note">Points are the mean over languages, lines reach from the worst to the best language. The
scale of recall begins near the lowest value, not at 0; sizes and times are on a logarithmic scale.</p>`
  return { id: 'sizes', title: 'Size and speed', body: html`${charts}${table(models)}` }
}

/** A point a model and format that has both a recall on the headline protocol and a size or time. */
function pointsOf(report: Report, measure: (model: ReportModel, dtype: ReportResult['dtype']) => number | undefined): ScatterPoint[] {
  const headline = headlineProtocol(report)
  const rows = report.results.filter(
    (row) => row.protocol === headline?.protocol && row.corpus === headline.corpus && row.metrics.mean_recall !== undefined,
  )
  return [...grouped(rows, (row) => rowLabel(row, report.results))].flatMap(([label, set]) => {
    const { model, dtype } = set[0]!
    const x = report.models[model] && measure(report.models[model], dtype)
    if (x === undefined) return []
    const recalls = set.map((row) => 100 * row.metrics.mean_recall!)
    return [{ label, colour: colourOf(set[0]!), x, recall: mean(recalls), low: Math.min(...recalls), high: Math.max(...recalls) }]
  })
}
