import { mean } from '../../eval/metrics.ts'
import { languageName } from '../format.ts'
import type { LogLine, TrainingLog } from '../material.ts'
import { type ChartSpec, chart } from './chart.ts'
import { html, type Markup } from './markup.ts'
import type { Section } from './section.ts'
import { legend, palette } from './series.ts'

/** Logged numbers that are no part of the loss. */
const bookkeeping = new Set(['step', 'learningRate', 'gradientNorm', 'stepsPerSecond', 'waitingShare'])
const recallPrefix = 'validation_mean_recall_'
/** Points of one loss curve: more than a panel has pixels to show would only make the page heavy. */
const points = 120

interface Point {
  step: number
  value: number
  name: string
  colour: string
}

/** Loss, validation recall per language and the gap between languages over the steps of each stage. */
export async function trainingSection(logs: readonly TrainingLog[]): Promise<Section | undefined> {
  const parts = await Promise.all(logs.map(stage))
  if (parts.every((part) => part === undefined)) return undefined
  return { id: 'training', title: 'Training', body: html`${parts}` }
}

async function stage({ name, lines }: TrainingLog): Promise<Markup | undefined> {
  const losses = lossCurves(lines)
  const recalls = recallCurves(lines)
  const gaps = gapCurve(lines)
  const panels = [
    await panel('Loss', losses, lossSpec(losses)),
    await panel('Validation mean recall, %', recalls, recallSpec(recalls)),
    await panel('Gap between languages, points', gaps, gapSpec(gaps)),
  ]
  if (panels.every((entry) => entry === undefined)) return undefined
  const last = Math.max(...lines.map(({ step }) => step))
  return html`<h3>${name} <small>${last.toLocaleString('en-US')} steps</small></h3><div class="panels">${panels}</div>`
}

/** A figure of curves; of curves of one point each the numbers alone. */
async function panel(title: string, curve: Point[], spec: ChartSpec): Promise<Markup | undefined> {
  if (curve.length === 0) return undefined
  const steps = [...new Set(curve.map(({ step }) => step))]
  if (steps.length === 1) {
    const numbers = curve.map(({ name, value }) => html`<dt>${name}</dt><dd>${threeDigits(value)}</dd>`)
    return html`<figure><figcaption>${title} <small>at step ${steps[0]!.toLocaleString('en-US')}</small></figcaption><dl>${numbers}</dl></figure>`
  }
  const names = [...new Map(curve.map(({ name, colour }) => [name, { label: name, colour }])).values()]
  const ends = names.map(({ label }) => `${label} ${threeDigits(curve.findLast(({ name }) => name === label)!.value)}`)
  const keys = names.length > 1 && legend(names)
  return html`<figure><figcaption>${title}</figcaption>${keys}${await chart(spec, `${title} by step; at the end ${ends.join(', ')}`)}</figure>`
}

/** The loss and its parts, each the mean of a stretch of steps. */
function lossCurves(lines: readonly LogLine[]): Point[] {
  const logged = lines.filter((line) => line.loss !== undefined)
  const parts = [...new Set(logged.flatMap(Object.keys))].filter((name) => !bookkeeping.has(name) && name !== 'loss')
  const isWhole = parts.length === 1 && logged.every((line) => line[parts[0]!] === line.loss)
  const names = ['loss', ...(isWhole ? [] : parts)]
  const stretch = Math.ceil(logged.length / points)
  const curves: Point[] = []
  for (const [i, name] of names.entries()) {
    for (let from = 0; from < logged.length; from += stretch) {
      const part = logged.slice(from, from + stretch).filter((line) => line[name] !== undefined)
      if (part.length === 0) continue
      const [step, value] = [mean(part.map((line) => line.step)), mean(part.map((line) => line[name]!))]
      curves.push({ step, value, name, colour: i === 0 ? 'var(--ink)' : palette(i - 1) })
    }
  }
  return curves
}

function recallCurves(lines: readonly LogLine[]): Point[] {
  const names = [...new Set(lines.flatMap(Object.keys))].filter((name) => name.startsWith(recallPrefix))
  return names.flatMap((key, i) => {
    const name = languageName(key.slice(recallPrefix.length))
    return lines.filter((line) => line[key] !== undefined).map((line) => ({ step: line.step, value: 100 * line[key]!, name, colour: palette(i) }))
  })
}

/** max − min over languages wherever two or more were measured. */
function gapCurve(lines: readonly LogLine[]): Point[] {
  return lines.flatMap((line) => {
    const recalls = Object.keys(line).flatMap((key) => (key.startsWith(recallPrefix) ? [line[key]!] : []))
    if (recalls.length < 2) return []
    return [{ step: line.step, value: 100 * (Math.max(...recalls) - Math.min(...recalls)), name: 'gap', colour: 'var(--accent)' }]
  })
}

function lossSpec(values: Point[]): ChartSpec {
  return lines(values, false, { type: 'line', strokeWidth: 1.5 })
}

function recallSpec(values: Point[]): ChartSpec {
  return lines(values, true, { type: 'line', strokeWidth: 1.8, point: { size: 18 } })
}

function gapSpec(values: Point[]): ChartSpec {
  return lines(values, true, {
    type: 'area',
    fillOpacity: 0.18,
    line: { color: 'var(--accent)', strokeWidth: 1.8 },
    point: { color: 'var(--accent)', size: 18 },
  })
}

function lines(values: Point[], zero: boolean, mark: object): ChartSpec {
  return {
    data: { values },
    height: 170,
    mark,
    encoding: {
      x: { field: 'step', type: 'quantitative', title: 'steps', axis: { tickCount: 5, grid: false }, scale: { nice: false, zero: true } },
      y: { field: 'value', type: 'quantitative', title: null, axis: { tickCount: 5 }, scale: { zero } },
      color: { field: 'colour', type: 'nominal', scale: null },
      detail: { field: 'name' },
    },
  } as ChartSpec
}

function threeDigits(value: number): string {
  return value.toPrecision(3)
}
