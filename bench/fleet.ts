import { markdownTable } from 'markdown-table'
import { UserError } from '../base/errors.ts'
import { flagOf } from '../base/setting.ts'
import { expectedSeconds } from './fleet/formula.ts'
import { type Fleet, simulate } from './fleet/simulate.ts'
import { measured, type Rows } from './record/rows.ts'
import type { Flags } from './subject.ts'

export const fleetFlags = {
  pairs: '1e6,1e8,1e9',
  workers: 1000,
  variants: 1,
  captions: 1,
  imageSeconds: 0.061,
  textSeconds: 0.01,
  width: 512,
  queueSeconds: 0.01,
  failShare: 0.01,
  slowShare: 0.05,
  slowness: 4,
  restartSeconds: 60,
  lockSeconds: 30,
  priceHour: 0.1,
  priceGigabyteMonth: 0.02,
  seed: 1,
}

/** As features are stored. */
const [imageRows, textRows] = [512, 1024]

/** How long a fleet of workers takes for features of so many pairs, by the formula and played through, and what it costs; prints a table and returns it. */
export async function benchFleet(flags: Flags): Promise<Rows> {
  const settings = flags as typeof fleetFlags
  requireSane(settings)
  const costs = pairsOf(settings.pairs).map((pairs) => costOf(pairs, settings))
  console.log(
    markdownTable([
      ['pairs', 'shards', 'hours, formula', 'hours, simulated', 'deaths', 'set aside', 'GB', 'price of workers', 'price of a month on disk'],
      ...costs.map(({ name, shards, formula, simulated, deaths, aside, gigabytes, price, priceMonth }) => [
        ...[name, `${shards}`, formula.toFixed(2), simulated.toFixed(2), `${deaths}`, `${aside}`],
        ...[gigabytes.toFixed(0), price.toFixed(0), priceMonth.toFixed(2)],
      ]),
    ]),
  )
  const results = costs.flatMap(({ name, formula, simulated, deaths, aside, gigabytes, price }) => [
    [`${name} pairs, formula`, measured('h', formula)] as const,
    [`${name} pairs, simulated`, measured('h', simulated)] as const,
    [`${name} pairs, deaths`, measured('count', deaths)] as const,
    [`${name} pairs, set aside`, measured('count', aside)] as const,
    [`${name} pairs, disk`, measured('GB', gigabytes)] as const,
    [`${name} pairs, workers`, measured('price', price)] as const,
  ])
  return Object.fromEntries(results)
}

/** Shards of so many pairs. */
export function fleetOf(pairs: number, settings: typeof fleetFlags): Fleet {
  const { variants, captions, imageSeconds, textSeconds } = settings
  const image = { count: Math.ceil((pairs * variants) / imageRows), seconds: imageRows * imageSeconds }
  const text = { count: Math.ceil((pairs * captions) / textRows), seconds: textRows * textSeconds }
  return { ...settings, shards: [image, text] }
}

/** What so many pairs take, hours and money. */
function costOf(pairs: number, settings: typeof fleetFlags) {
  const { workers, variants, captions, width, priceHour, priceGigabyteMonth } = settings
  const fleet = fleetOf(pairs, settings)
  const { seconds, deaths, aside } = simulate(fleet)
  const gigabytes = (pairs * (variants + captions) * 2 * width) / 1e9
  return {
    name: pairs.toExponential(0).replace('e+', 'e'),
    shards: fleet.shards.reduce((sum, { count }) => sum + count, 0),
    formula: expectedSeconds(fleet) / 3600,
    simulated: seconds / 3600,
    ...{ deaths, aside, gigabytes },
    price: (priceHour * workers * seconds) / 3600,
    priceMonth: priceGigabyteMonth * gigabytes,
  }
}

function pairsOf(text: string): number[] {
  const pairs = text.split(',').map(Number)
  const wrong = pairs.find((count) => !Number.isSafeInteger(count) || count < 1 || count > 1e10)
  if (wrong === undefined) return pairs
  throw new UserError({ where: '--pairs', expected: 'whole numbers from 1 to 1e10, joined by commas', got: text, hint: 'Usual is 1e6,1e8,1e9.' })
}

function requireSane(settings: typeof fleetFlags): void {
  const share = { from: 0, to: 0.99 }
  const ranges = {
    workers: { from: 1, to: 1e6 },
    ...{ failShare: share, slowShare: share },
    slowness: { from: 1, to: 1000 },
    ...Object.fromEntries((['variants', 'captions', 'width'] as const).map((name) => [name, { from: 0, to: 1e6 }])),
    ...Object.fromEntries(
      (['imageSeconds', 'textSeconds', 'queueSeconds', 'restartSeconds', 'lockSeconds'] as const).map((name) => [name, { from: 0, to: 1e6 }]),
    ),
  }
  for (const [name, { from, to }] of Object.entries(ranges)) {
    const value = settings[name as keyof typeof settings] as number
    if (value >= from && value <= to) continue
    throw new UserError({ where: flagOf(name), expected: `a number from ${from} to ${to}`, got: `${value}`, hint: 'docs/scale.md says what it is.' })
  }
}
