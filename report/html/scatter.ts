import { type ChartSpec, chart, panelWidth } from './chart.ts'
import { html, type Markup } from './markup.ts'

/** What one model in one number format costs, and its recall. */
export interface ScatterPoint {
  label: string
  colour: string
  /** Megabytes or milliseconds. */
  x: number
  /** Mean recall over the languages, and its range, in percent. */
  recall: number
  low: number
  high: number
}

const panelHeight = 230
/** Pixels that the labels of the axis of recall take, whatever they are: labels are set before the chart is drawn. */
const axisWidth = 40

/** Recall against cost, each point labelled. One point says nothing: such a figure is left out. */
export async function scatterPanel(title: string, unit: string, points: ScatterPoint[]): Promise<Markup | undefined> {
  if (points.length < 2) return undefined
  const label = `${title}: ${points.map(({ label, x, recall }) => `${label} ${x.toPrecision(3)} ${unit}, ${recall.toFixed(1)} %`).join('; ')}`
  return html`<figure><figcaption>${title}</figcaption>${await chart(scatterSpec(points, unit), label)}</figure>`
}

function scatterSpec(points: ScatterPoint[], unit: string): ChartSpec {
  const frame = frameOf(points)
  return {
    data: { values: withLabels(points, frame) },
    height: panelHeight,
    encoding: {
      x: {
        field: 'x',
        type: 'quantitative',
        title: `${unit}, logarithmic`,
        scale: { type: 'log', domain: frame.x, nice: false },
        axis: { tickCount: 4, grid: false, labelBound: true, labelFlush: true },
      },
      y: { type: 'quantitative', scale: { domain: frame.y, nice: false, zero: false } },
      color: { field: 'colour', type: 'nominal', scale: null },
    },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 1.2 },
        encoding: { y: { field: 'low', title: null, axis: { tickCount: 5, minExtent: axisWidth, maxExtent: axisWidth } }, y2: { field: 'high' } },
      },
      { mark: { type: 'point', filled: true, size: 60, opacity: 1 }, encoding: { y: { field: 'recall' } } },
      {
        transform: [{ filter: 'datum.isApart' }],
        mark: { type: 'rule', strokeWidth: 0.7, color: 'var(--muted)' },
        encoding: { y: { field: 'recall' }, y2: { field: 'labelY' }, x2: { field: 'labelX' }, color: { value: 'var(--muted)' } },
      },
      ...(['left', 'right'] as const).map((align) => ({
        transform: [{ filter: `datum.align === '${align}'` }],
        mark: { type: 'text' as const, align, baseline: 'middle' as const },
        encoding: { x: { field: 'labelX' }, y: { field: 'labelY' }, text: { field: 'label' }, color: { value: 'var(--ink)' } },
      })),
    ],
  } as ChartSpec
}

interface Frame {
  x: readonly [low: number, high: number]
  y: readonly [low: number, high: number]
}

/** What the axes reach over: the data, with an eighth of their range free above and below, and a third of a decade at the sides. */
function frameOf(points: ScatterPoint[]): Frame {
  const xs = points.map(({ x }) => x)
  const [low, high] = [Math.min(...points.map((point) => point.low)), Math.max(...points.map((point) => point.high))]
  const margin = Math.max(1, (high - low) / 8)
  return { x: [Math.min(...xs) / 2, Math.max(...xs) * 2], y: [Math.max(0, low - margin), Math.min(100, high + margin)] }
}

/** Pixels between a point and its label, and what text takes. */
const [gap, lineHeight, letterWidth] = [8, 12, 5.8]

interface Box {
  left: number
  right: number
  top: number
  bottom: number
}

/** A point and where its label begins or ends, in the units of the axes; a thin line leads to one that stands apart. */
type Placed = ScatterPoint & { align: 'left' | 'right'; labelX: number; labelY: number; isApart: boolean }

/** Gives each point a side and a height for its label where it covers no point, no line and no other label, as near to the point as can be. */
function withLabels(points: ScatterPoint[], { x: [from, to], y: [low, high] }: Frame): Placed[] {
  const plotWidth = panelWidth - axisWidth - 4 // 2 px of padding on both sides
  const atX = (x: number) => (plotWidth * Math.log(x / from)) / Math.log(to / from)
  const atY = (y: number) => (panelHeight * (high - y)) / (high - low)
  const taken: Box[] = points.map((point) => ({
    left: atX(point.x) - 4,
    right: atX(point.x) + 4,
    top: atY(point.high) - 1,
    bottom: atY(point.low) + 1,
  }))
  return points.map((point) => {
    const width = letterWidth * point.label.length
    const boxAt = (align: Placed['align'], shift: number): Box => {
      const [x, y] = [atX(point.x), atY(point.recall) + shift]
      const left = align === 'left' ? x + gap : x - gap - width
      return { left, right: left + width, top: y - lineHeight / 2, bottom: y + lineHeight / 2 }
    }
    const shifts = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 1 : -1) * 4 * Math.ceil(i / 2))
    const places = shifts.flatMap((shift) => (['left', 'right'] as const).map((align) => ({ align, shift, box: boxAt(align, shift) })))
    const free = places.find(({ box }) => isInside(box, plotWidth) && !taken.some((other) => overlap(box, other))) ?? places[0]!
    taken.push(free.box)
    const side = free.align === 'left' ? gap : -gap
    return {
      ...point,
      align: free.align,
      labelX: from * (to / from) ** ((atX(point.x) + side) / plotWidth),
      labelY: high - ((atY(point.recall) + free.shift) * (high - low)) / panelHeight,
      isApart: Math.abs(free.shift) > lineHeight / 2,
    }
  })
}

function isInside({ left, right, top, bottom }: Box, width: number): boolean {
  return left >= 0 && right <= width && top >= 0 && bottom <= panelHeight
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}
