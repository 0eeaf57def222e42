import { headlineProtocol, languageName, modelLabel, percent } from '../format.ts'
import type { GapRow, Report } from '../schema.ts'
import type { ReportTable } from './table.ts'

/** Best minus worst mean recall over the languages: the headline protocol's rows first; undefined where nothing has two languages. */
export function gapTable(report: Report): ReportTable | undefined {
  const { gaps = [] } = report
  if (gaps.length === 0) return undefined
  const headline = headlineProtocol(report)
  const isHeadline = ({ corpus, protocol }: GapRow) => protocol === headline?.protocol && corpus === headline.corpus
  return {
    title: 'gap between languages',
    columns: [
      { title: 'protocol', isText: true },
      { title: 'model', isText: true },
      { title: 'gap', about: 'best minus worst mean recall, in points' },
      { title: 'best', isText: true },
      { title: 'worst', isText: true },
    ],
    rows: gaps
      .toSorted((a, b) => Number(isHeadline(b)) - Number(isHeadline(a)))
      .map((row) => [row.protocol, modelLabel(row), percent(row.gap), languageName(row.best), languageName(row.worst)]),
    notes: ["The best language's mean recall minus the worst's, in points."],
  }
}

/** How alike two languages rank the same images, and how near translations lie; undefined where that was not measured. */
export function agreementTable({ consistency = [] }: Report): ReportTable | undefined {
  if (consistency.length === 0) return undefined
  const measures = ['overlap@1', 'overlap@5', 'overlap@10', 'ndcg@20', 'text_to_text_R@1', 'text_to_text_R@1_reverse'] as const
  return {
    title: 'agreement between languages, percent',
    columns: [
      { title: 'model', isText: true },
      { title: 'protocol', isText: true },
      { title: 'languages', isText: true },
      { title: 'same first', about: 'overlap@1: how often both languages put the same image first' },
      { title: 'of 5', about: 'overlap@5: share of the first five images that both have' },
      { title: 'of 10', about: 'overlap@10' },
      { title: 'NDCG 20', about: 'how well one ranking keeps the order of the other, over the first 20' },
      { title: 'text → text', about: 'recall@1 of the translation, first language to second' },
      { title: '← back', about: 'recall@1 of the translation, second language to first' },
    ],
    rows: consistency.map((row) => [
      modelLabel(row),
      row.protocol,
      row.languages.map(languageName).join(' – '),
      ...measures.map((name) => percent(row.metrics[name])),
    ]),
    notes: ['A caption and its translation should find the same images in the same order, right or wrong, and each other among the texts.'],
  }
}
