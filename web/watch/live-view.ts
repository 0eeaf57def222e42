import { languageName, percent, thousands } from '../../report/format.ts'
import { type ChartSpec, chart } from '../../report/html/chart.ts'
import { html, type Markup } from '../../report/html/markup.ts'
import { trainingSection } from '../../report/html/training.ts'
import type { LogLine } from '../../report/material.ts'
import type { LiveStage } from './live-run.ts'

const recallPrefix = 'validation_mean_recall_'

/** What the page shows of a run: for each stage how far it is, and its curves; the stage that learns comes first. */
export async function liveView(stages: readonly LiveStage[]): Promise<Markup> {
  const begun = stages.filter(({ lines }) => lines.length > 0)
  if (begun.length === 0) return html`<p class="lead">Nothing logged yet: this page fills itself with the first line of log.jsonl.</p>`
  return html`${await Promise.all(begun.toReversed().map(stageView))}`
}

async function stageView(stage: LiveStage): Promise<Markup> {
  const curves = await trainingSection([stage])
  const rates = stage.lines.filter((line) => line.learningRate !== undefined)
  const speeds = rates.filter((line) => line.stepsPerSecond !== undefined).map((line) => point(line, line.stepsPerSecond! * (stage.batch ?? 1)))
  const panels = [
    await panel(
      'Learning rate',
      rates.map((line) => point(line, line.learningRate!)),
      '.1e',
    ),
    await panel(stage.batch ? 'Images a second' : 'Steps a second', speeds),
  ]
  return html`<section>${cards(stage)}${curves?.body}<div class="panels">${panels}</div></section>`
}

function cards(stage: LiveStage): Markup {
  const { name, lines, steps, batch, written } = stage
  const last = lines.at(-1)!
  const measured = lines.findLast((line) => line.stepsPerSecond !== undefined)
  const validated = lines.findLast((line) => Object.keys(line).some((key) => key.startsWith(recallPrefix)))
  const isDone = steps !== undefined && last.step >= steps
  const speed = measured?.stepsPerSecond
  const left = speed && steps !== undefined && !isDone ? duration((steps - last.step) / speed) : undefined
  const recalls = Object.entries(validated ?? {}).filter(([key]) => key.startsWith(recallPrefix))
  return html`<div class="cards">
${card(
  name,
  html`${thousands(last.step)}${steps !== undefined && html` <small>of ${thousands(steps)} steps</small>`}`,
  html`<time datetime="${new Date(written).toISOString()}">${new Date(written).toISOString()}</time>`,
  steps && last.step / steps,
)}
${card(isDone ? 'Done' : 'Left', isDone ? '✓' : (left ?? '–'), speed && `${batch ? `${thousands(Math.round(speed * batch))} images/s, ` : ''}${speed.toPrecision(3)} steps/s`)}
${measured?.loss !== undefined && card('Loss', measured.loss.toPrecision(4), `step ${thousands(measured.step)}`)}
${recalls.map(([key, value]) => card(`Recall in ${languageName(key.slice(recallPrefix.length))}`, html`${percent(value)} <small>%</small>`, `mean of six, validation, step ${thousands(validated!.step)}`))}
</div>`
}

function card(title: string, value: Markup | string, note: Markup | string | undefined | 0, share?: number): Markup {
  const meter = share !== undefined && html`<span class="meter"><i style="width:${Math.min(100, 100 * share).toFixed(1)}%"></i></span>`
  return html`<div class="card"><h3>${title}</h3><p class="value">${value}</p>${meter}<p>${note || ''}</p></div>`
}

interface Point {
  step: number
  value: number
}

function point({ step }: LogLine, value: number): Point {
  return { step, value }
}

async function panel(title: string, values: Point[], format?: string): Promise<Markup | undefined> {
  const last = values.at(-1)
  if (!last) return undefined
  const spec = {
    data: { values },
    height: 170,
    mark: { type: 'line', strokeWidth: 1.5, color: 'var(--accent)' },
    encoding: {
      x: { field: 'step', type: 'quantitative', title: 'steps', axis: { tickCount: 5, grid: false }, scale: { nice: false, zero: true } },
      y: { field: 'value', type: 'quantitative', title: null, axis: { tickCount: 5, ...(format && { format }) }, scale: { zero: true } },
    },
  } as ChartSpec
  return html`<figure><figcaption>${title}</figcaption>${await chart(spec, `${title} by step; at the end ${last.value.toPrecision(3)}`)}</figure>`
}

/** 4000 → `1 h 7 min`, 90 → `2 min`, 30 → `30 s`. */
function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`
  const minutes = Math.ceil(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
