import { headlineProtocols, languageName, percent, percentInterval, rowLabel } from '../format.ts'
import { type ModelName, modelNames, type Report, type ReportResult } from '../schema.ts'
import type { ReportTable, TableCell } from './table.ts'

interface Score {
  protocol: string
  language: string
  measure: string
  /** Images that a text is asked for among. */
  gallery: number
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
  const rows = rowKeys.map(({ protocol, measure, language, gallery }): TableCell[] => {
    const same = scores.filter((score) => score.protocol === protocol && score.measure === measure && score.language === language)
    const score = same.find(({ label }) => label === subject)
    const chance = same.find((score) => score.chance !== undefined)?.chance
    return [
      protocol,
      measure,
      languageName(language),
      gallery,
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
    { title: 'gallery', about: 'images that a text is asked for among' },
    ...labels.map(([title]) => ({ title })),
    { title: '95 %', about: `bootstrap interval of ${subject}` },
    { title: 'kept', about: `${subject} over the teacher, percent` },
    { title: 'chance', about: 'expected of a random order' },
  ]
  const used = columns.map((_, i) => i < 4 + labels.length || rows.some((row) => row[i] !== '–'))
  return {
    title: 'in short, percent',
    columns: columns.filter((_, i) => used[i]),
    rows: rows.map((row) => row.filter((_, i) => used[i])),
  }
}

/** Mean recall, and the recall that the protocol is judged by where the report names one. */
function recalls({ results, headlineMeasures = {} }: Report, protocol: string): Score[] {
  const judged = headlineMeasures[protocol]
  return ['mean_recall', ...(judged ? [judged] : [])].flatMap((name) =>
    results.flatMap((row): Score[] => {
      const value = row.metrics[name]
      if (row.protocol !== protocol || value === undefined) return []
      const { model, language, directions, interval95 } = row
      const measure = name === 'mean_recall' ? 'mean recall' : name.replace('text_to_image_R@', 'T→I R@').replace('image_to_text_R@', 'I→T R@')
      const gallery = directions?.text_to_image?.gallery ?? row.gallery
      const kept = name === 'mean_recall' ? row.retention : ofTeacher(row, name, results)
      return [{ protocol, language, measure, gallery, model, label: rowLabel(row, results), value, interval: interval95?.[name], kept }]
    }),
  )
}

/** A metric over the teacher's; of the teacher itself, and without one, undefined. */
function ofTeacher({ model, corpus, protocol, language, metrics }: ReportResult, name: string, results: readonly ReportResult[]): number | undefined {
  const teachers = results.filter((row) => row.model === 'teacher' && row.corpus === corpus && row.protocol === protocol && row.language === language)
  const best = (teachers.find(({ dtype }) => dtype === 'fp32') ?? teachers[0])?.metrics[name]
  return model === 'teacher' || !best ? undefined : metrics[name]! / best
}

function precisions({ freeQueries = [], results }: Report, protocol: string): Score[] {
  return (['precision@5', 'hit@5'] as const).flatMap((measure) =>
    freeQueries.flatMap((row) => {
      if (row.protocol !== protocol || row.kind !== undefined) return []
      const { model, language, gallery, metrics, interval95, retention, chance } = row
      const label = rowLabel(row, [...results, ...freeQueries])
      const score = { value: metrics[measure], interval: interval95[measure], kept: retention?.[measure], chance: chance[measure] }
      return [{ protocol, language, measure, gallery, model, label, ...score }]
    }),
  )
}

function byModel(a: Score, b: Score): number {
  return modelNames.indexOf(a.model) - modelNames.indexOf(b.model)
}
