import { percent } from '../format.ts'
import { type ChartSpec, chart } from './chart.ts'
import { html, type Markup } from './markup.ts'

/** One bar of a grouped chart. */
export interface Bar {
  /** Bars of one group stand together. */
  group: string
  series: string
  colour: string
  /** A fraction. */
  value: number
  interval?: readonly [low: number, high: number]
}

/** A figure of bars from zero in percent, with whiskers and the number at the end; nothing without bars. */
export async function barPanel(title: string, bars: readonly Bar[]): Promise<Markup | undefined> {
  if (bars.length === 0) return undefined
  const values = bars.map(({ group, series, colour, value, interval }) => {
    const ends = interval ? { low: 100 * interval[0], high: 100 * interval[1], end: 100 * interval[1] } : { end: 100 * value }
    return { group, series, colour, value: 100 * value, ...ends, text: percent(value) }
  })
  const label = `${title}: ${values.map(({ group, series, text }) => `${group}, ${series} ${text}`).join('; ')}`
  return html`<figure><figcaption>${title}</figcaption>${await chart(barSpec(values), label)}</figure>`
}

function barSpec(values: { group: string; series: string; end: number }[]): ChartSpec {
  const series = [...new Set(values.map((value) => value.series))]
  const most = Math.max(...values.map(({ end }) => end), 1)
  return {
    data: { values },
    height: { step: 14 * series.length + 12, for: 'position' },
    encoding: {
      y: { field: 'group', type: 'nominal', sort: null, title: null, scale: { paddingInner: 0.2, paddingOuter: 0.05 } },
      yOffset: { field: 'series', type: 'nominal', sort: series, scale: { paddingInner: 0.15 } },
    },
    layer: [
      {
        mark: 'bar',
        encoding: {
          x: { field: 'value', type: 'quantitative', title: null, scale: { domain: [0, most * 1.16], nice: false }, axis: { tickCount: 5 } },
          color: { field: 'colour', type: 'nominal', scale: null },
        },
      },
      {
        transform: [{ filter: 'isValid(datum.low)' }],
        mark: { type: 'rule', strokeWidth: 1.2, color: 'var(--ink)' },
        encoding: { x: { field: 'low', type: 'quantitative' }, x2: { field: 'high' } },
      },
      {
        mark: { type: 'text', align: 'left', dx: 4, baseline: 'middle' },
        encoding: { x: { field: 'end', type: 'quantitative' }, text: { field: 'text' } },
      },
    ],
  }
}
