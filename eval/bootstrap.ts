import { UserError } from '../base/errors.ts'
import { random } from '../base/random.ts'
import { cutoffs, directions, mean, type RecallName, recallName } from './metrics.ts'
import type { RankedDirection, RetrievalResult } from './retrieval.ts'

export interface BootstrapOptions {
  seed?: number
  /** How many times the items are drawn again; default 1000. */
  resamples?: number
  /** Coverage of the interval; default 0.95. */
  level?: number
}

export type Interval = [low: number, high: number]
export type IntervalName = RecallName | 'mean_recall'

export interface PairedDifference {
  /** a − b on the queries as they are. */
  difference: number
  interval: Interval
  /** Two-sided: 2·min(P(Δ* ≤ 0), P(Δ* ≥ 0)) over the resamples, each count plus one; in (0, 1]. */
  p: number
}

/**
 * Percentile bootstrap interval of a mean: the items are drawn with replacement, and the interval holds the middle `level` of
 * the means. Source: Efron & Tibshirani, An Introduction to the Bootstrap, §13.3.
 * @param values one number an item [N]
 */
export function bootstrapMean(values: ArrayLike<number>, options: BootstrapOptions = {}): Interval {
  requireItems('bootstrap', values.length)
  return percentile(
    resample(values.length, options, (draws) => meanOf(values, draws)),
    options,
  )
}

/**
 * Paired bootstrap of mean(a) − mean(b): both systems are seen on the same drawn items, so what is hard for both cancels out.
 * @param a one number an item [N]
 * @param b the other system on the same items [N]
 */
export function pairedBootstrap(a: ArrayLike<number>, b: ArrayLike<number>, options: BootstrapOptions = {}): PairedDifference {
  requireItems('paired bootstrap', a.length)
  requireSameQueries(a.length, b.length, a.length === b.length)
  const gaps = Float64Array.from(a, (value, i) => value - b[i]!)
  return paired(
    mean(gaps),
    resample(gaps.length, options, (draws) => meanOf(gaps, draws)),
    options,
  )
}

/**
 * Intervals of the six recalls and of mean_recall. Items are images: a drawn image brings its own query and those of all
 * its captions, because they stand or fall together; drawing captions one by one would make intervals too narrow.
 */
export function bootstrapRetrieval(result: Directions, options: BootstrapOptions = {}): Record<IntervalName, Interval> {
  const items = itemTable(result)
  const drawn = resampleTables([items], options)
  return mapNames((_, column) => percentile(drawn[column]!, options))
}

/** Interval of mean_recall alone, see bootstrapRetrieval. */
export function bootstrapMeanRecall(result: Directions, options: BootstrapOptions = {}): Interval {
  return bootstrapRetrieval(result, options).mean_recall
}

/**
 * Paired bootstrap of a − b for the six recalls and mean_recall of two systems on the same queries.
 * @throws UserError when the two results do not hold the same queries
 */
export function pairedBootstrapRetrieval(a: Directions, b: Directions, options: BootstrapOptions = {}): Record<IntervalName, PairedDifference> {
  for (const side of ['textToImage', 'imageToText'] as const) {
    const same = a[side].queries.length === b[side].queries.length && a[side].queries.every((query, i) => query === b[side].queries[i])
    requireSameQueries(a[side].queries.length, b[side].queries.length, same)
  }
  const tables = [itemTable(a), itemTable(b)]
  const everyItem = Uint32Array.from({ length: tables[0]!.count }, (_, i) => i)
  const observed = tables.map((table) => recalls(table, everyItem)!)
  const drawn = resampleTables(tables, options)
  return mapNames((_, column) => paired(observed[0]![column]! - observed[1]![column]!, drawn[column]!, options))
}

type Directions = Pick<RetrievalResult, 'textToImage' | 'imageToText'>

/** Per item and direction: queries, and hits at each K. Two directions × (1 + 3) numbers an item. */
interface ItemTable {
  count: number
  sums: Int32Array
}

const perDirection = 1 + cutoffs.length
const perItem = directions.length * perDirection

function itemTable(result: Directions): ItemTable {
  const rows = new Map<number, number>()
  const sides = [result.textToImage, result.imageToText]
  for (const side of sides) for (const item of side.items) if (!rows.has(item)) rows.set(item, rows.size)
  requireItems('bootstrap', Math.min(...sides.map((side) => side.ranks.length)))
  const sums = new Int32Array(rows.size * perItem)
  sides.forEach((side: RankedDirection, s) => {
    side.ranks.forEach((rank, i) => {
      const at = rows.get(side.items[i]!)! * perItem + s * perDirection
      sums[at]! += 1
      cutoffs.forEach((cutoff, k) => {
        if (rank <= cutoff) sums[at + 1 + k]! += 1
      })
    })
  })
  return { count: rows.size, sums }
}

/** The six recalls and their mean on the drawn items; undefined when a direction got no query. */
function recalls(table: ItemTable, draws: Uint32Array): Float64Array | undefined {
  const totals = new Float64Array(perItem)
  for (const draw of draws) {
    const at = draw * perItem
    for (let c = 0; c < perItem; c++) totals[c]! += table.sums[at + c]!
  }
  const values = new Float64Array(directions.length * cutoffs.length + 1)
  let column = 0
  for (let s = 0; s < directions.length; s++) {
    const queries = totals[s * perDirection]!
    if (queries === 0) return undefined
    for (let k = 0; k < cutoffs.length; k++) values[column++] = totals[s * perDirection + 1 + k]! / queries
  }
  values[column] = mean(values.subarray(0, column))
  return values
}

/** Draws of the seven recalls of one table, or of their differences between two: [7][resamples]. */
function resampleTables(tables: ItemTable[], options: BootstrapOptions): Float64Array[] {
  const resamples = options.resamples ?? 1000
  const columns = Array.from({ length: directions.length * cutoffs.length + 1 }, () => new Float64Array(resamples))
  const draw = drawer(tables[0]!.count, options)
  for (let r = 0; r < resamples; r++) {
    let values: (Float64Array | undefined)[]
    do {
      const draws = draw()
      values = tables.map((table) => recalls(table, draws))
    } while (values.includes(undefined)) // a tiny set may lose all queries of a direction: draw again
    columns.forEach((column, c) => {
      column[r] = values[0]![c]! - (values[1]?.[c] ?? 0)
    })
  }
  return columns
}

function mapNames<T>(make: (name: IntervalName, column: number) => T): Record<IntervalName, T> {
  const names: IntervalName[] = directions.flatMap((direction) => cutoffs.map((cutoff) => recallName(direction, cutoff)))
  names.push('mean_recall')
  return Object.fromEntries(names.map((name, column) => [name, make(name, column)])) as Record<IntervalName, T>
}

function resample(count: number, options: BootstrapOptions, statistic: (draws: Uint32Array) => number): Float64Array {
  const draw = drawer(count, options)
  return Float64Array.from({ length: options.resamples ?? 1000 }, () => statistic(draw()))
}

/** Returns a function that draws `count` items with replacement, into one buffer that it reuses. */
function drawer(count: number, options: BootstrapOptions): () => Uint32Array {
  const next = random(options.seed ?? 0, count)
  const draws = new Uint32Array(count)
  return () => {
    for (let i = 0; i < count; i++) draws[i] = next() * count
    return draws
  }
}

function meanOf(values: ArrayLike<number>, draws: Uint32Array): number {
  let sum = 0
  for (const draw of draws) sum += values[draw]!
  return sum / draws.length
}

function percentile(statistics: Float64Array, options: BootstrapOptions): Interval {
  const sorted = statistics.slice().sort()
  const tail = (1 - (options.level ?? 0.95)) / 2
  return [quantile(sorted, tail), quantile(sorted, 1 - tail)]
}

function quantile(sorted: Float64Array, at: number): number {
  const position = at * (sorted.length - 1)
  const below = Math.floor(position)
  const above = Math.min(sorted.length - 1, below + 1)
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!)
}

function paired(difference: number, statistics: Float64Array, options: BootstrapOptions): PairedDifference {
  let below = 1
  let above = 1
  for (const value of statistics) {
    if (value <= 0) below++
    if (value >= 0) above++
  }
  const p = Math.min(1, (2 * Math.min(below, above)) / (statistics.length + 1))
  return { difference, interval: percentile(statistics, options), p }
}

function requireItems(where: string, count: number): void {
  if (count > 0) return
  throw new UserError({ where, expected: 'at least one item', got: 'none', hint: 'There is nothing to estimate an interval from.' })
}

function requireSameQueries(a: number, b: number, same: boolean): void {
  if (same) return
  throw new UserError({
    where: 'paired bootstrap',
    expected: 'two systems on the same queries',
    got: `${a} and ${b} queries${a === b ? ', not the same ones' : ''}`,
    hint: 'Evaluate both on one protocol and language.',
  })
}
