import { grouped } from '../../base/grouped.ts'
import { mean } from '../../eval/metrics.ts'
import { headlineProtocol, megabytes, parameterCount, totalParameters } from '../format.ts'
import { modelNames, type Report, type ReportModel, type ReportResult } from '../schema.ts'
import { type ChartSpec, chart, panelWidth } from './chart.ts'
import { html, type Markup } from './markup.ts'
import type { Section } from './section.ts'
import { colourOf, legend } from './series.ts'
import { type Cell, type Column, table } from './table.ts'

type Dtype = ReportResult['dtype']

const panelHeight = 210

interface Point {
  model: ReportResult['model']
  dtype: Dtype
  label: string
  colour: string
  x: number
  /** Mean recall over the languages, and its range, in percent. */
  recall: number
  low: number
  high: number
}

const columns: Column[] = [
  { title: 'Model', isText: true },
  { title: 'Format', isText: true },
  { title: 'Size' },
  { title: 'Image', about: 'parameters of the image tower' },
  { title: 'Text', about: 'parameters of the text tower, token table included' },
  { title: 'Parameters' },
  { title: 'ms / image', about: 'median time for one image' },
  { title: 'ms / text', about: 'median time for one text' },
]

/** Parameters, bytes and speed of every model in every number format, and what recall they buy. */
export async function sizesSection(report: Report): Promise<Section | undefined> {
  const models = modelNames.flatMap((name) => (report.models[name] ? [{ name, model: report.models[name] }] : []))
  if (models.length === 0) return undefined
  const rows = models.flatMap(({ name, model }) => formatsOf(model).map((dtype) => sizeRow(name, model, dtype)))
  const timed = rows.some((row) => row[6] !== '–')
  const panels = [
    await panel(
      'Mean recall against size',
      'MB',
      pointsOf(report, ({ bytes }, dtype) => (bytes[dtype] === undefined ? undefined : bytes[dtype] / 1e6)),
    ),
    await panel(
      'Mean recall against time for one image and one text',
      'ms',
      pointsOf(report, ({ latency }, dtype) => latency?.[dtype] && latency[dtype].image + latency[dtype].text),
    ),
  ]
  const shown = timed ? columns : columns.slice(0, 6)
  const charts =
    panels.some(Boolean) &&
    html`<div class="panels">${panels}</div><p class="note">Points are the mean over languages, lines reach from the worst to the best language.</p>`
  return {
    id: 'sizes',
    title: 'Size and speed',
    body: html`${charts}${table(
      'Both towers, token tables included',
      shown,
      rows.map((row) => row.slice(0, shown.length)),
    )}`,
  }
}

function formatsOf({ bytes, latency = {} }: ReportModel): (Dtype | undefined)[] {
  const formats = [...new Set([...Object.keys(bytes), ...Object.keys(latency)])] as Dtype[]
  return formats.length > 0 ? formats : [undefined]
}

function sizeRow(name: string, model: ReportModel, dtype: Dtype | undefined): Cell[] {
  const bytes = dtype && model.bytes[dtype]
  const time = dtype && model.latency?.[dtype]
  const { image, text } = model.parameters
  const count = (value: number) => ({ show: parameterCount(value), value })
  return [
    model.name ? `${name} (${model.name})` : name,
    dtype ?? '–',
    bytes === undefined ? '–' : { show: megabytes(bytes), value: bytes },
    count(image),
    count(text),
    count(totalParameters(model)),
    time ? time.image.toFixed(2) : '–',
    time ? time.text.toFixed(2) : '–',
  ]
}

/** A point a model and format that has both a recall on the headline protocol and a size or time. */
function pointsOf(report: Report, measure: (model: ReportModel, dtype: Dtype) => number | undefined): Point[] {
  const headline = headlineProtocol(report)
  const rows = report.results.filter(
    (row) => row.protocol === headline?.protocol && row.corpus === headline.corpus && row.metrics.mean_recall !== undefined,
  )
  return [...grouped(rows, ({ model, dtype }) => `${model} ${dtype}`)].flatMap(([label, set]) => {
    const { model, dtype } = set[0]!
    const x = report.models[model] && measure(report.models[model], dtype)
    if (x === undefined) return []
    const recalls = set.map((row) => 100 * row.metrics.mean_recall!)
    return [{ model, dtype, label, colour: colourOf(set[0]!), x, recall: mean(recalls), low: Math.min(...recalls), high: Math.max(...recalls) }]
  })
}

/** One point says nothing: such a chart is left out. */
async function panel(title: string, unit: string, points: Point[]): Promise<Markup | undefined> {
  if (points.length < 2) return undefined
  const label = `${title}: ${points.map(({ label, x, recall }) => `${label} ${x.toPrecision(3)} ${unit}, ${recall.toFixed(1)} %`).join('; ')}`
  const names = new Map(points.map((point) => [point.colour, { label: nameOf(point), colour: point.colour }]))
  return html`<figure><figcaption>${title}</figcaption>${legend([...names.values()])}${await chart(scatterSpec(points, unit), label)}</figure>`
}

/** What a colour stands for; points themselves are marked with their number format. */
function nameOf({ model, dtype }: Point): string {
  return model === 'student' && dtype !== 'fp32' ? 'student, smaller formats' : model
}

function scatterSpec(points: Point[], unit: string): ChartSpec {
  const xs = points.map(({ x }) => x)
  const right = [Math.min(...xs) / 1.3, Math.max(...xs) * 2.2] as const
  const top = 1.08 * Math.max(...points.map(({ high }) => high))
  return {
    data: { values: withLabels(points, right, top) },
    height: panelHeight,
    encoding: {
      x: {
        field: 'x',
        type: 'quantitative',
        title: `${unit}, logarithmic`,
        scale: { type: 'log', domain: right, nice: false },
        axis: { tickCount: 4, grid: false },
      },
      y: { type: 'quantitative', scale: { domain: [0, top], nice: false } },
      color: { field: 'colour', type: 'nominal', scale: null },
    },
    layer: [
      { mark: { type: 'rule', strokeWidth: 1.2 }, encoding: { y: { field: 'low', title: '%', axis: { tickCount: 5 } }, y2: { field: 'high' } } },
      { mark: { type: 'point', filled: true, size: 70, opacity: 1 }, encoding: { y: { field: 'recall' } } },
      {
        mark: { type: 'text', align: 'left', dx: 8 },
        encoding: { y: { field: 'labelAt' }, text: { field: 'dtype' }, color: { value: 'var(--ink)' } },
      },
    ],
  } as ChartSpec
}

/** Gives each point the height of its label: its own, or lower where another point or a label above it is in the way. */
function withLabels(points: Point[], [from, to]: readonly [number, number], top: number): (Point & { labelAt: number })[] {
  const [lineHeight, letterWidth, radius] = [12, 6, 5] // pixels
  const plotWidth = panelWidth - 45 // what the axis leaves
  const boxes = points.map((point) => {
    const x = (plotWidth * Math.log(point.x / from)) / Math.log(to / from)
    return { point, x, left: x - radius, right: x + radius, y: panelHeight * (1 - point.recall / top), height: 2 * radius }
  })
  const placed: { left: number; right: number; y: number; height: number }[] = []
  return boxes
    .toSorted((a, b) => b.point.recall - a.point.recall)
    .map((own) => {
      const [left, right] = [own.x + 8, own.x + 8 + letterWidth * own.point.dtype.length]
      let y = own.y
      const inTheWay = () =>
        [...placed, ...boxes].find(
          (other) => other !== own && left < other.right && other.left < right && Math.abs(other.y - y) < (other.height + lineHeight) / 2 - 1,
        )
      for (let other = inTheWay(); other; other = inTheWay()) y = other.y + (other.height + lineHeight) / 2
      placed.push({ left, right, y, height: lineHeight })
      return { ...own.point, labelAt: top * (1 - y / panelHeight) }
    })
}
