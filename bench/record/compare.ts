import { markdownTable } from 'markdown-table'
import { UserError } from '../../base/errors.ts'
import { flatten } from '../../base/flatten.ts'
import { grouped } from '../../base/grouped.ts'
import { flagOf } from '../../base/setting.ts'
import { readRecords } from './read.ts'
import type { BenchRecord } from './record.ts'
import { median } from './rows.ts'

/**
 * Two files or folders of records side by side: medians of the rows that both have, over all files of a bench, and their ratio; rows that one has alone; in what
 * machines, versions and flags differ, for then the ratio says nothing of the code alone.
 * @throws UserError for other than two paths, as readRecords does, and where no row is in both
 */
export async function compareRecords(paths: string[]): Promise<string> {
  const [a, b] = paths
  if (a === undefined || b === undefined || paths.length > 2)
    throw new UserError({
      where: 'bench compare',
      expected: 'two files or folders',
      got: paths.length === 0 ? 'none' : paths.join(' '),
      hint: 'npm run bench -- compare A B; bench/results/ has what was measured here.',
    })
  return comparison({ path: a, records: await readRecords(a) }, { path: b, records: await readRecords(b) })
}

interface Side {
  path: string
  records: BenchRecord[]
}

function comparison(a: Side, b: Side): string {
  const [left, right] = [valuesOf(a.records), valuesOf(b.records)]
  const shared = [...left.keys()].filter((key) => right.has(key))
  if (shared.length === 0)
    throw new UserError({
      where: `${a.path} and ${b.path}`,
      expected: 'results of the same bench',
      got: [a, b].map(({ records }) => [...new Set(records.map(({ bench }) => bench))].join(', ')).join(' and '),
      hint: 'Measure the same twice: npm run bench -- NAME.',
    })
  const lines = shared.map((key) => {
    const [one, other] = [median(left.get(key)!), median(right.get(key)!)]
    return [...key.split('\t'), figure(one), figure(other), one === 0 ? '–' : (other / one).toFixed(3)]
  })
  const table = markdownTable([['bench', 'what', 'unit', 'A', 'B', 'B / A'], ...lines], { align: ['l', 'l', 'l', 'r', 'r', 'r'] })
  const alone = (name: string, own: Map<string, number[]>, other: Map<string, number[]>) =>
    [...own.keys()].filter((key) => !other.has(key)).map((key) => `Only in ${name}: ${key.split('\t').slice(0, 2).join(', ')}`)
  const only = [...alone('A', left, right), ...alone('B', right, left)]
  const unlike = differences(a.records, b.records)
  const warning = unlike.length > 0 ? ['Not measured alike, so the ratios are not of the code alone:', ...unlike.map((line) => `- ${line}`)] : []
  const parts = [[heading('A', a), heading('B', b)], [table], only, warning]
  return parts.flatMap((part) => (part.length > 0 ? [part.join('\n')] : [])).join('\n\n')
}

/** Every measured value by bench, row and unit, over all records. */
function valuesOf(records: readonly BenchRecord[]): Map<string, number[]> {
  const all = records.flatMap(({ bench, rows }) =>
    Object.entries(rows).map(([name, { unit, values }]) => ({ key: [bench, name, unit].join('\t'), values })),
  )
  return new Map([...grouped(all, ({ key }) => key)].map(([key, some]) => [key, some.flatMap(({ values }) => values)]))
}

function heading(name: string, { path, records }: Side): string {
  const states = records.map(
    ({ date, commit, dirty }) => `${date.slice(0, 10)} at ${commit?.slice(0, 7) ?? 'no commit'}${dirty ? ', files changed' : ''}`,
  )
  return `${name}: ${path} (${[...new Set(states)].join('; ')})`
}

/** Where both know something of the machine, the versions or a bench's flags, and not the same. */
function differences(a: readonly BenchRecord[], b: readonly BenchRecord[]): string[] {
  const [left, right] = [factsOf(a), factsOf(b)]
  return [...left].flatMap(([name, one]) => {
    const other = right.get(name)
    return other === undefined || other === one ? [] : [`${name}: ${one} in A, ${other} in B`]
  })
}

/** What there is to know by name, all of it where records differ. */
function factsOf(records: readonly BenchRecord[]): Map<string, string> {
  const facts = records.flatMap(({ bench, machine: { instructions, ...machine }, versions, flags }) => [
    ...Object.entries(flatten('', { ...machine, ...(instructions && { instructions: instructions.join(' ') }) })),
    ...Object.entries(versions),
    ...Object.entries(flags).map(([flag, value]) => [`${bench} ${flagOf(flag)}`, value] as const),
  ])
  return new Map(
    [...grouped(facts, ([name]) => name)].map(([name, all]) => [name, [...new Set(all.map(([, value]) => String(value)))].sort().join(' or ')]),
  )
}

/** Four digits. */
function figure(value: number): string {
  return Math.abs(value) >= 1000 ? value.toFixed(0) : `${Number(value.toPrecision(4))}`
}
