import type { Config, TopLevelSpec } from 'vega-lite'
import { escapeHtml, type Markup, raw } from './markup.ts'

export type ChartSpec = TopLevelSpec

/** Width of a panel. It is drawn for a narrow screen; wide ones put several side by side instead of stretching one. */
export const panelWidth = 340

/** Colours are the page's variables, so that a chart follows light, dark and print. */
const config: Config = {
  background: 'transparent',
  aria: false, // the svg as a whole carries the description
  font: 'inherit',
  view: { stroke: null },
  axis: {
    domain: false,
    ticks: false,
    gridColor: 'var(--line)',
    labelColor: 'var(--muted)',
    labelFontSize: 11,
    labelPadding: 6,
    titleColor: 'var(--muted)',
    titleFontSize: 11,
    titleFontWeight: 'normal',
  },
  axisY: { titleAngle: 0, titleAlign: 'left', titleAnchor: 'end', titleBaseline: 'bottom' },
  text: { fontSize: 10.5, color: 'var(--muted)' },
}

/**
 * Draws a Vega-Lite chart as inline SVG.
 * @param label what the chart shows, for those who cannot see it
 */
export async function chart(spec: ChartSpec, label: string): Promise<Markup> {
  // Loaded when the first chart is drawn: they take longer to load than the rest of the program together.
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')])
  const logger = vega.logger(vega.None)
  const compiled = vegaLite.compile({ width: panelWidth, autosize: { type: 'fit-x', contains: 'padding' }, padding: 2, ...spec } as ChartSpec, {
    config,
    logger,
  })
  const view = new vega.View(vega.parse(compiled.spec), { renderer: 'none', logger })
  try {
    return raw(inline(await view.toSVG(), label))
  } finally {
    view.finalize()
  }
}

/** Vega's document made fit for a page: it scales with its column, is one image to a screen reader, and is a third smaller. */
function inline(svg: string, label: string): string {
  const light = svg.replaceAll(/<[^>]*>/g, lighten) // tags alone: between them stand words
  const [, width, height] = /^<svg [^>]*width="([\d.]+)" height="([\d.]+)"/.exec(light)!
  const body = light
    .replace(/^<svg [^>]*>/, '')
    .replaceAll(
      /<path d="M0(?:\.5)?,0(?:\.5)?h0v0h0Z"(?: [a-z-]+="[^"]*")*><\/path>|<path d="M0(?:\.5)?,0(?:\.5)?h0v0h0Z"(?: [a-z-]+="[^"]*")*\/>/g,
      '',
    )
  return `<svg class="chart" viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-label="${escapeHtml(label)}">${body}`
}

/** A tag without what the page says better, its coordinates with two decimals. */
function lighten(tag: string): string {
  return tag
    .replaceAll(/ (?:class|role|aria-[a-z]+|pointer-events|xmlns:xlink|font-family)="[^"]*"/g, '')
    .replaceAll(/\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2))))
}
