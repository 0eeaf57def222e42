import { languageName, modelLabel, percent } from '../format.ts'
import type { ConfusionTable } from '../material.ts'
import type { Report } from '../schema.ts'
import type { ReportTable } from './table.ts'

const listedMistakes = 15

/** Zero-shot accuracies; undefined where no images were classified. */
export function zeroShotTable({ zeroShot = [] }: Report): ReportTable | undefined {
  if (zeroShot.length === 0) return undefined
  return {
    title: 'images named by class, percent',
    columns: [
      { title: 'model', isText: true },
      { title: 'protocol', isText: true },
      { title: 'language', isText: true },
      { title: 'classes', isText: true },
      { title: 'images' },
      { title: 'templates', about: 'sentences around each class name, averaged' },
      { title: 'top 1', about: 'images whose class comes first' },
      { title: 'top 5', about: 'images whose class is among the first five' },
      { title: 'per class', about: 'mean over classes of the share of images that are right' },
    ],
    rows: zeroShot.map(({ protocol, language, classes, count, metrics, ...row }) => [
      modelLabel(row),
      protocol,
      languageName(language),
      `${count.classes} ${classes}`,
      count.images,
      count.templates,
      percent(metrics.acc1),
      percent(metrics.acc5),
      percent(metrics.mean_per_class_recall),
    ]),
  }
}

/** The commonest mistakes of a classification. */
export function mistakeTable({ model, kind, protocol, classes, counts, language }: ConfusionTable): ReportTable {
  const mistakes = counts.flatMap((row, is) => [...row].flatMap(([taken, count]) => (taken === is ? [] : [{ is, taken, count }])))
  const total = (row: ReadonlyMap<number, number>) => [...row.values()].reduce((sum, count) => sum + count, 0)
  return {
    title: `Commonest mistakes among ${classes.length} classes (${model}, ${kind}, ${languageName(language)}, ${protocol})`,
    columns: [{ title: 'class', isText: true }, { title: 'taken for', isText: true }, { title: 'times' }, { title: 'of' }],
    rows: mistakes
      .sort((a, b) => b.count - a.count)
      .slice(0, listedMistakes)
      .map(({ is, taken, count }) => [{ text: classes[is]!, language }, { text: classes[taken]!, language }, count, total(counts[is]!)]),
  }
}
