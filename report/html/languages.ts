import { grouped } from '../../base/grouped.ts'
import { recallNames } from '../../eval/metrics.ts'
import { headlineProtocol, languageName, percent } from '../format.ts'
import type { GapRow, GroupRow, Report } from '../schema.ts'
import { html, type Markup } from './markup.ts'
import type { Section } from './section.ts'
import { type Cell, type Column, table } from './table.ts'

const pairColumns: Column[] = [
  { title: 'Model', isText: true },
  { title: 'Languages', isText: true },
  { title: 'Same first', about: 'overlap@1: how often both languages put the same image first' },
  { title: 'Of 5', about: 'overlap@5: share of the first five images that both have' },
  { title: 'Of 10', about: 'overlap@10' },
  { title: 'NDCG 20', about: 'how well one ranking keeps the order of the other, over the first 20' },
  { title: 'Text → text', about: 'recall@1 of the translation, first language to second' },
  { title: '← back', about: 'recall@1 of the translation, second language to first' },
]

/** The gap between languages, how alike two of them rank the same images, and how near translations lie. */
export function languagesSection(report: Report): Section | undefined {
  const { consistency = [] } = report
  const gaps = gapTables(report)
  if (consistency.length === 0 && !gaps) return undefined
  const body: Cell[][] = consistency.map(({ model, dtype, languages, metrics }) => [
    labelOf({ model, dtype }),
    languages.map(languageName).join(' – '),
    ...(['overlap@1', 'overlap@5', 'overlap@10', 'ndcg@20', 'text_to_text_R@1', 'text_to_text_R@1_reverse'] as const).map((name) =>
      percent(metrics[name]),
    ),
  ])
  const agreement =
    consistency.length > 0 &&
    html`<h3>Agreement</h3><p class="note">A caption and its translation should find the same images in the same order, right or wrong, and each other among the texts. Percent.</p>
${table(protocolsOf(consistency), pairColumns, body)}`
  return { id: 'languages', title: 'Between languages', body: html`${gaps}${agreement}` }
}

/** The headline protocol's gaps in the open, the others folded. */
function gapTables(report: Report): Markup | undefined {
  const { gaps = [] } = report
  if (gaps.length === 0) return undefined
  const columns: Column[] = [
    { title: 'Model', isText: true },
    { title: 'Gap', about: 'best minus worst mean recall, in points' },
    { title: 'Best', isText: true },
    { title: 'Worst', isText: true },
  ]
  const headline = headlineProtocol(report)
  const isHeadline = ({ corpus, protocol }: GapRow) => protocol === headline?.protocol && corpus === headline.corpus
  const cellsOf = (row: GapRow): Cell[] => [labelOf(row), percent(row.gap), languageName(row.best), languageName(row.worst)]
  const [shown, others] = [gaps.filter(isHeadline), gaps.filter((row) => !isHeadline(row))]
  return html`<h3>Gap</h3><p class="note">The best language's mean recall minus the worst's, in points.</p>
${shown.length > 0 && table(protocolsOf(shown), columns, shown.map(cellsOf))}
${
  others.length > 0 &&
  html`<details><summary>Gaps on other protocols</summary>${table(
    'Gaps on other protocols',
    [{ title: 'Protocol', isText: true }, ...columns],
    others.map((row) => [row.protocol, ...cellsOf(row)]),
  )}</details>`
}`
}

/** Recall by group of images: models side by side, then all of it. */
export function groupsSection({ groups = [] }: Report): Section | undefined {
  if (groups.length === 0) return undefined
  const columns: Column[] = [
    { title: 'Group', isText: true },
    { title: 'Model', isText: true },
    { title: 'Language', isText: true },
    { title: 'Images' },
    ...recallNames().map((name) => ({ title: name.replace('text_to_image_R@', 'T→I ').replace('image_to_text_R@', 'I→T '), about: name })),
    { title: 'Mean' },
  ]
  const body: Cell[][] = groups.map(({ group, model, dtype, language, queries, metrics }) => [
    group,
    labelOf({ model, dtype }),
    languageName(language),
    queries,
    ...recallNames().map((name) => percent(metrics[name])),
    percent(metrics.mean_recall),
  ])
  const caption = `${protocolsOf(groups)}, percent, in the whole gallery`
  return {
    id: 'groups',
    title: 'Recall by group',
    body: html`${sideBySide(groups)}<details><summary>Recall at 1, 5 and 10 by group</summary>${table(caption, columns, body)}</details>`,
  }
}

/** Mean recall: a row a group, a column a model and language. */
function sideBySide(groups: readonly GroupRow[]): Markup {
  const columnOf = (row: GroupRow) => `${labelOf(row)} ${row.language}`
  const models = [...new Map(groups.map((row) => [columnOf(row), { label: labelOf(row), language: row.language }]))].map(([name, column]) => ({
    name,
    ...column,
  }))
  const body: Cell[][] = [...grouped(groups, ({ group }) => group)].map(([group, rows]) => [
    group,
    Math.max(...rows.map(({ queries }) => queries)),
    ...models.map(({ name }) => percent(rows.find((row) => columnOf(row) === name)?.metrics.mean_recall)),
  ])
  const columns: Column[] = [
    { title: 'Group', isText: true },
    { title: 'Images' },
    ...models.map(({ label, language }) => ({ title: html`${label}<br>${languageName(language)}` })),
  ]
  return table(`${protocolsOf(groups)}, mean recall in percent, in the whole gallery`, columns, body)
}

function labelOf({ model, dtype }: Pick<GroupRow, 'model' | 'dtype'>): string {
  return dtype === 'fp32' ? model : `${model} ${dtype}`
}

function protocolsOf(rows: readonly { protocol: string }[]): string {
  return [...new Set(rows.map(({ protocol }) => protocol))].join(', ')
}
