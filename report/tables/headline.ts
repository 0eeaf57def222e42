import { headlineProtocols, languageName, percent, percentInterval, rowLabel } from '../format.ts'
import { type ModelName, modelNames, type Report } from '../schema.ts'
import type { ReportTable, TableCell } from './table.ts'

interface Score {
  protocol: string
  language: string
  measure: string
  model: ModelName
  label: string
  value: number
  interval?: readonly [number, number]
  kept?: number
  chance?: number
}

/** What a summary says in numbers: every headline protocol and language a row, a column a model; undefined without results. */
export function headlineTable(report: Report): ReportTable | undefined {
  const scores = headlineProtocols(report).flatMap((protocol) => [...recalls(report, protocol), ...precisions(report, protocol)])
  if (scores.length === 0) return undefined
  const labels = [...new Map(scores.toSorted(byModel).map(({ label, model }) => [label, model]))]
  const subject = labels.find(([, model]) => model === 'student')?.[0] ?? labels[0]![0]
  const rowKeys = [...new Map(scores.map((score) => [JSON.stringify([score.protocol, score.measure, score.language]), score])).values()]
  const rows = rowKeys.map(({ protocol, measure, language }): TableCell[] => {
    const same = scores.filter((score) => score.protocol === protocol && score.measure === measure && score.language === language)
    const score = same.find(({ label }) => label === subject)
    const chance = same.find((score) => score.chance !== undefined)?.chance
    return [
      protocol,
      measure,
      languageName(language),
      ...labels.map(([name]) => percent(same.find(({ label }) => label === name)?.value)),
      score?.interval ? { text: percentInterval(score.interval), value: score.interval[0] } : '–',
      percent(score?.kept),
      percent(chance),
    ]
  })
  const columns = [
    { title: 'protocol', isText: true },
    { title: 'measure', isText: true },
    { title: 'language', isText: true },
    ...labels.map(([title]) => ({ title })),
    { title: '95 %', about: `bootstrap interval of ${subject}` },
    { title: 'kept', about: `${subject} over the teacher, percent` },
    { title: 'chance', about: 'expected of a random order' },
  ]
  const used = columns.map((_, i) => i < 3 + labels.length || rows.some((row) => row[i] !== '–'))
  return {
    title: 'in short, percent',
    columns: columns.filter((_, i) => used[i]),
    rows: rows.map((row) => row.filter((_, i) => used[i])),
  }
}

function recalls({ results }: Report, protocol: string): Score[] {
  return results.flatMap((row) => {
    const value = row.metrics.mean_recall
    if (row.protocol !== protocol || value === undefined) return []
    const { model, language, retention: kept, interval95 } = row
    return [{ protocol, language, measure: 'mean recall', model, label: rowLabel(row, results), value, interval: interval95?.mean_recall, kept }]
  })
}

function precisions({ freeQueries = [], results }: Report, protocol: string): Score[] {
  return (['precision@5', 'hit@5'] as const).flatMap((measure) =>
    freeQueries.flatMap((row) => {
      if (row.protocol !== protocol || row.kind !== undefined) return []
      const { model, language, metrics, interval95, retention, chance } = row
      const label = rowLabel(row, [...results, ...freeQueries])
      const score = { value: metrics[measure], interval: interval95[measure], kept: retention?.[measure], chance: chance[measure] }
      return [{ protocol, language, measure, model, label, ...score }]
    }),
  )
}

function byModel(a: Score, b: Score): number {
  return modelNames.indexOf(a.model) - modelNames.indexOf(b.model)
}
