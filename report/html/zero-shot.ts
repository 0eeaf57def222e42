import { languageName } from '../format.ts'
import type { ConfusionTable } from '../material.ts'
import type { Report } from '../schema.ts'
import { mistakeTable, zeroShotTable } from '../tables/zero-shot.ts'
import { clip } from './clip.ts'
import { heatMap } from './heat-map.ts'
import { html, type Markup } from './markup.ts'
import type { Section } from './section.ts'
import { table } from './table.ts'

/** More classes than this are unreadable as a matrix: then the commonest mistakes are listed. */
const matrixClasses = 20
/** Zero-shot accuracies and what is taken for what. */
export function zeroShotSection(report: Report, confusions: readonly ConfusionTable[]): Section | undefined {
  const accuracies = zeroShotTable(report)
  if (!accuracies && confusions.length === 0) return undefined
  const body = html`${accuracies && table(accuracies)}<div class="pair">${confusions.map(confusion)}</div>`
  return { id: 'zero-shot', title: 'Zero-shot classification', body }
}

function confusion(entry: ConfusionTable): Markup {
  const title = `${entry.model}, ${entry.kind}, ${languageName(entry.language)}, ${entry.protocol}`
  return entry.classes.length <= matrixClasses ? matrix(entry, title) : table(mistakeTable(entry))
}

function matrix({ classes, counts, language }: ConfusionTable, title: string): Markup {
  const rows = classes.map((name, row) => {
    const total = sum(counts[row]!)
    const cells = classes.map((taken, column) => {
      const count = counts[row]!.get(column) ?? 0
      const about = `${clip(name)} → ${clip(taken)}: ${count} of ${total}`
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

function named(name: string, language: string): Markup {
  return html`<bdi lang="${language}">${clip(name)}</bdi>`
}

function sum(row: ReadonlyMap<number, number>): number {
  return [...row.values()].reduce((total, count) => total + count, 0)
}
