import { UserError } from '../base/errors.ts'

/** What comparisons across languages and models need of a report's row. */
export interface ScoredRow {
  model: string
  dtype: string
  corpus: string
  protocol: string
  language: string
  metrics: Record<string, number | undefined>
}

export type LanguageGap<Row extends ScoredRow = ScoredRow> = Pick<Row, 'model' | 'dtype' | 'corpus' | 'protocol'> & {
  /** max − min of mean_recall over the languages, in [0, 1]. */
  gap: number
  best: string
  worst: string
}

/** max − min over languages, e.g. of mean recall; 0 for a single language. Throws UserError when there is none. */
export function languageGap(scores: Record<string, number>): number {
  const values = Object.values(scores)
  if (values.length === 0) {
    throw new UserError({
      where: 'language gap',
      expected: 'scores of at least one language',
      got: 'none',
      hint: 'Evaluate two languages or more.',
    })
  }
  return Math.max(...values) - Math.min(...values)
}

/** Share of the teacher's score that the student keeps: student / teacher. Null where the teacher scores 0: no ratio means anything. */
export function retention(student: number, teacher: number): number | null {
  return teacher > 0 ? student / teacher : null
}

/**
 * Returns the rows with `retention`: each row's mean_recall over the teacher's on the same corpus, protocol and language.
 * Teacher rows themselves, and rows without such a counterpart, come back as they are.
 * The teacher's own fp32 row is the reference; where it has none, its first row.
 */
export function withRetention<Row extends ScoredRow>(rows: readonly Row[]): (Row & { retention?: number })[] {
  return rows.map((row) => {
    const recall = row.metrics.mean_recall
    const teachers = rows.filter((other) => other.model === 'teacher' && sameTask(other, row))
    const reference = (teachers.find((other) => other.dtype === 'fp32') ?? teachers[0])?.metrics.mean_recall
    if (row.model === 'teacher' || recall === undefined || reference === undefined) return row
    const kept = retention(recall, reference)
    return kept === null ? row : { ...row, retention: kept }
  })
}

/** The language gap of every model on every protocol that was measured in two languages or more. */
export function languageGaps<Row extends ScoredRow>(rows: readonly Row[]): LanguageGap<Row>[] {
  const sets = new Map<string, Row[]>()
  for (const row of rows) {
    if (row.metrics.mean_recall === undefined) continue
    const key = JSON.stringify([row.model, row.dtype, row.corpus, row.protocol])
    sets.set(key, [...(sets.get(key) ?? []), row])
  }
  return [...sets.values()]
    .filter((set) => new Set(set.map((row) => row.language)).size > 1)
    .map((set) => {
      const sorted = set.toSorted((a, b) => a.metrics.mean_recall! - b.metrics.mean_recall!)
      const [worst, best] = [sorted[0]!, sorted.at(-1)!]
      const { model, dtype, corpus, protocol } = worst
      const gap = languageGap(Object.fromEntries(set.map((row) => [row.language, row.metrics.mean_recall!])))
      return { model, dtype, corpus, protocol, gap, best: best.language, worst: worst.language }
    })
}

function sameTask(a: ScoredRow, b: ScoredRow): boolean {
  return a.corpus === b.corpus && a.protocol === b.protocol && a.language === b.language
}
