import { languageName, modelLabel, percent, thousands } from '../format.ts'
import type { Report } from '../schema.ts'
import type { ReportTable } from './table.ts'

/** How alike students and teacher rank pictures that nobody has captioned; undefined where that was not measured. */
export function teacherAgreementTable({ teacherAgreement = [] }: Report): ReportTable | undefined {
  const [first] = teacherAgreement
  if (!first) return undefined
  return {
    title: 'agreement with the teacher, percent',
    columns: [
      { title: 'model', isText: true },
      { title: 'language', isText: true },
      { title: 'of 10', about: 'overlap@10: share of the first ten pictures that the teacher has among its first ten, too' },
      { title: 'NDCG 20', about: "how well the order of the teacher's first 20 is kept" },
      { title: 'nothing fits', about: 'texts whose best picture is below the score threshold' },
    ],
    rows: teacherAgreement.map((row) => [
      modelLabel(row),
      languageName(row.language),
      percent(row.metrics['overlap@10']),
      percent(row.metrics['ndcg@20']),
      row.unfit === undefined ? '–' : percent(row.unfit / row.queries),
    ]),
    notes: [
      `${thousands(first.queries)} texts of the pool a language, each searched among ${thousands(first.gallery)} held-out pictures; nobody says which answers are right.`,
    ],
  }
}
