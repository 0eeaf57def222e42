import { grouped } from '../../base/grouped.ts'
import { languageName, percent, thousands } from '../format.ts'
import type { ConfusionTable } from '../material.ts'
import type { Report } from '../schema.ts'
import { heatMap } from './heat-map.ts'
import { html, type Markup } from './markup.ts'
import type { Section } from './section.ts'
import { type Cell, type Column, table } from './table.ts'

/** More classes than this are unreadable as a matrix: then the commonest mistakes are listed. */
const matrixClasses = 20
const listedMistakes = 15

const columns: Column[] = [
  { title: 'Model', isText: true },
  { title: 'Language', isText: true },
  { title: 'Classes', isText: true },
  { title: 'Number', about: 'number of classes' },
  { title: 'Images' },
  { title: 'Templates', about: 'sentences around each class name, averaged' },
  { title: 'Top 1', about: 'percent of images whose class comes first' },
  { title: 'Top 5' },
  { title: 'Per class', about: 'mean over classes of the percent of images right' },
]

/** Zero-shot accuracies and what is taken for what. */
export function zeroShotSection(report: Report, confusions: readonly ConfusionTable[]): Section | undefined {
  const rows = report.zeroShot ?? []
  if (rows.length === 0 && confusions.length === 0) return undefined
  const tables = [...grouped(rows, ({ protocol }) => protocol)].map(([protocol, set]) => {
    const body: Cell[][] = set.map(({ model, dtype, language, classes, count, metrics }) => [
      dtype === 'fp32' ? model : `${model} ${dtype}`,
      languageName(language),
      classes,
      count.classes,
      thousands(count.images),
      count.templates,
      percent(metrics.acc1),
      percent(metrics.acc5),
      percent(metrics.mean_per_class_recall),
    ])
    return table(`${protocol}, images named by class, percent`, columns, body)
  })
  return { id: 'zero-shot', title: 'Zero-shot classification', body: html`${tables}<div class="pair">${confusions.map(confusion)}</div>` }
}

function confusion(entry: ConfusionTable): Markup {
  const title = `${entry.model}, ${entry.kind}, ${languageName(entry.language)}, ${entry.protocol}`
  return entry.classes.length <= matrixClasses ? matrix(entry, title) : mistakes(entry, title)
}

function matrix({ classes, counts, language }: ConfusionTable, title: string): Markup {
  const rows = classes.map((name, row) => {
    const total = sum(counts[row]!)
    const cells = classes.map((taken, column) => {
      const count = counts[row]!.get(column) ?? 0
      const about = `${name} → ${taken}: ${count} of ${total}`
      return { heat: total > 0 ? count / total : 0, text: count > 0 ? String(count) : '', about, isMarked: row === column }
    })
    return { head: named(name, language), cells }
  })
  return heatMap(
    `Rows: what it is. Columns: what it was taken for (${title})`,
    '',
    classes.map((name) => named(name, language)),
    rows,
  )
}

function mistakes({ classes, counts, language }: ConfusionTable, title: string): Markup {
  const found = counts.flatMap((row, is) => [...row].map(([taken, count]) => ({ is, taken, count }))).filter(({ is, taken }) => is !== taken)
  const body: Cell[][] = found
    .sort((a, b) => b.count - a.count)
    .slice(0, listedMistakes)
    .map(({ is, taken, count }) => [named(classes[is]!, language), named(classes[taken]!, language), count, sum(counts[is]!)])
  const heads: Column[] = [{ title: 'Class', isText: true }, { title: 'Taken for', isText: true }, { title: 'Times' }, { title: 'Of' }]
  return table(`Commonest mistakes among ${classes.length} classes (${title})`, heads, body)
}

function named(name: string, language: string): Markup {
  return html`<bdi lang="${language}">${name}</bdi>`
}

function sum(row: ReadonlyMap<number, number>): number {
  return [...row.values()].reduce((total, count) => total + count, 0)
}
