import { grouped } from '../../base/grouped.ts'
import { recallNames } from '../../eval/metrics.ts'
import { languageName, modelLabel, percent } from '../format.ts'
import type { GroupRow, Report } from '../schema.ts'
import { recallColumns } from './recall.ts'
import type { ReportTable } from './table.ts'

/** Mean recall by group of images: a row a group, a column a model and language; undefined without groups. */
export function groupTable({ groups = [] }: Report): ReportTable | undefined {
  if (groups.length === 0) return undefined
  const labelOf = (row: GroupRow) => `${modelLabel(row)} ${row.language}`
  const labels = [...new Set(groups.map(labelOf))]
  return {
    title: `${protocolsOf(groups)}, mean recall by group in the whole gallery, percent`,
    columns: [{ title: 'group', isText: true }, { title: 'images' }, ...labels.map((title) => ({ title }))],
    rows: [...grouped(groups, ({ group }) => group)].map(([group, rows]) => [
      group,
      Math.max(...rows.map(({ queries }) => queries)),
      ...labels.map((label) => percent(rows.find((row) => labelOf(row) === label)?.metrics.mean_recall)),
    ]),
  }
}

/** All recalls by group, model and language; undefined without groups. */
export function groupRecalls({ groups = [] }: Report): ReportTable | undefined {
  if (groups.length === 0) return undefined
  return {
    title: `${protocolsOf(groups)}, recall by group in the whole gallery, percent`,
    columns: [
      { title: 'group', isText: true },
      { title: 'model', isText: true },
      { title: 'language', isText: true },
      { title: 'images' },
      ...recallColumns(),
      { title: 'MR', about: 'mean recall: the mean of the six' },
    ],
    rows: groups.map((row) => [
      row.group,
      modelLabel(row),
      languageName(row.language),
      row.queries,
      ...recallNames().map((name) => percent(row.metrics[name])),
      percent(row.metrics.mean_recall),
    ]),
  }
}

function protocolsOf(rows: readonly { protocol: string }[]): string {
  return [...new Set(rows.map(({ protocol }) => protocol))].join(', ')
}
