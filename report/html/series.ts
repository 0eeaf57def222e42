import { rowLabel } from '../format.ts'
import { modelNames, type ReportResult } from '../schema.ts'
import { html, type Markup } from './markup.ts'

/** One colour's worth of results: a model in one number format. */
export interface Series {
  label: string
  colour: string
}

/** The models of a report in the order of modelNames, each with its colour. */
export function modelSeries(rows: readonly ReportResult[], all: readonly ReportResult[]): Series[] {
  const sorted = rows.toSorted((a, b) => modelNames.indexOf(a.model) - modelNames.indexOf(b.model))
  const seen = new Map(sorted.map((row) => [rowLabel(row, all), row]))
  return [...seen].map(([label, row]) => ({ label, colour: colourOf(row) }))
}

/** `--teacher`, `--student`, …: a model keeps its colour all over the page, and so does each of the student's smaller formats. */
export function colourOf({ model, dtype }: Pick<ReportResult, 'model' | 'dtype'>): string {
  return model === 'student' && dtype !== 'fp32' ? `var(--${dtype})` : `var(--${model})`
}

/** Colours of what is no model: languages, parts of a loss. They repeat after eight. */
export function palette(i: number): string {
  return `var(--c${(i % 8) + 1})`
}

/** What the colours mean, once for all charts of a section. */
export function legend(series: readonly Series[]): Markup {
  return html`<ul class="legend">${series.map(({ label, colour }) => html`<li><span style="background:${colour}"></span>${label}</li>`)}</ul>`
}
