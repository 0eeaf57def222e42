import { type FreeQueryResult, freeQueryMetricNames } from '../eval/free-queries.ts'
import { retention } from '../eval/languages.ts'
import type { FreeQueryRow } from './schema.ts'

/** The report's rows of one model on one task of free queries: all kinds together, then kind by kind. */
export function freeQueryRows(
  model: FreeQueryRow['model'],
  dtype: FreeQueryRow['dtype'],
  { corpus, protocol, language, gallery, scores }: FreeQueryResult,
): FreeQueryRow[] {
  return scores.map(({ kind, ...score }) => ({
    model,
    dtype,
    corpus,
    protocol,
    language,
    ...(kind === undefined ? {} : { kind }),
    gallery,
    ...score,
  }))
}

/**
 * Returns the rows with `retention`: each metric over the teacher's on the same queries, the teacher's fp32 row where it has one. Teacher
 * rows, and rows without such a counterpart, come back as they are. A metric that is 0 for the teacher has no ratio.
 */
export function withFreeQueryRetention(rows: readonly FreeQueryRow[]): FreeQueryRow[] {
  return rows.map((row) => {
    const teachers = rows.filter(
      (other) =>
        other.model === 'teacher' &&
        other.corpus === row.corpus &&
        other.protocol === row.protocol &&
        other.language === row.language &&
        other.kind === row.kind,
    )
    const teacher = teachers.find(({ dtype }) => dtype === 'fp32') ?? teachers[0]
    if (row.model === 'teacher' || !teacher) return row
    const ratios = freeQueryMetricNames.flatMap((name) => {
      const ratio = retention(row.metrics[name], teacher.metrics[name])
      return ratio === null ? [] : [[name, ratio] as const]
    })
    return { ...row, retention: Object.fromEntries(ratios) }
  })
}
