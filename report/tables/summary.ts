import { languageGaps } from '../../eval/languages.ts'
import { headlineProtocols, headlineRows, languageName, megabytes, parameterCount, percent, percentInterval, totalParameters } from '../format.ts'
import type { FreeQueryRow, ModelName, Report, ReportResult } from '../schema.ts'

/** One thing that a reader wants to know first. */
export interface SummaryFact {
  title: string
  value: string
  unit?: string
  note?: string
  /** Of the teacher's, 0 … 1 and more. */
  share?: number
}

/** The sentence under the title; undefined without a student. */
export function leadOf({ models: { student, teacher } }: Report): string | undefined {
  if (!student) return undefined
  const share = teacher && totalParameters(teacher) > 0 ? totalParameters(student) / totalParameters(teacher) : undefined
  const of = teacher?.name ? `the teacher ${teacher.name}` : 'its teacher'
  const name = student.name ? ` ${student.name}` : ''
  return `The student${name} has ${parameterCount(totalParameters(student))} parameters${share === undefined ? '' : `, ${percent(share)} % of ${of}`}.`
}

/** How large the model is, what it keeps in each language, what free queries find, and the gap between languages. */
export function summaryFacts(report: Report): SummaryFact[] {
  const rows = headlineRows(report)
  const gap = languageGaps(rows)[0]
  return [
    ...sizeFacts(report, rows[0]?.model ?? 'student'),
    ...rows.map((row) => languageFact(row, report)),
    ...freeQueryFacts(report),
    ...(gap
      ? [
          {
            title: 'Gap between languages',
            value: percent(gap.gap),
            unit: 'points',
            note: `best ${languageName(gap.best)}, worst ${languageName(gap.worst)}`,
          },
        ]
      : []),
  ]
}

function sizeFacts({ models }: Report, subject: ModelName): SummaryFact[] {
  const model = models[subject]
  if (!model) return []
  const { image, text } = model.parameters
  const [smallest, ...others] = Object.entries(model.bytes).sort((a, b) => a[1] - b[1])
  const parameters = {
    title: 'Parameters',
    value: parameterCount(image + text),
    note: `image ${parameterCount(image)}, text ${parameterCount(text)}`,
  }
  if (!smallest) return [parameters]
  const note = others.map(([dtype, bytes]) => `${dtype} ${megabytes(bytes)}`).join(', ')
  return [parameters, { title: `Size at ${smallest[0]}`, value: megabytes(smallest[1]), ...(note ? { note } : {}) }]
}

/** What the model keeps of its teacher in one language, or its recall where there is no teacher to hold it against. */
function languageFact(row: ReportResult, { results }: Report): SummaryFact {
  const recall = `${percent(row.metrics.mean_recall)} %`
  const spread = row.interval95?.mean_recall ? ` (${percentInterval(row.interval95.mean_recall)})` : ''
  const name = languageName(row.language)
  if (row.retention === undefined)
    return { title: `Recall in ${name}`, value: percent(row.metrics.mean_recall), unit: '%', ...(spread ? { note: spread.trim() } : {}) }
  const same = results.filter(
    (other) => other.protocol === row.protocol && other.corpus === row.corpus && other.language === row.language && other !== row,
  )
  const teacher = same.find(({ model }) => model === 'teacher')
  const small = same.filter((other) => other.model === row.model && other.retention !== undefined)
  const note = [
    `recall ${recall}${spread}`,
    ...(teacher ? [`teacher ${percent(teacher.metrics.mean_recall)} %`] : []),
    ...small.map((other) => `${other.dtype} keeps ${percent(other.retention)} %`),
  ].join(', ')
  return { title: `Kept in ${name}`, value: percent(row.retention), unit: '%', note, share: row.retention }
}

/** precision@5 of the subject on the first protocol of free queries, a fact a language. */
function freeQueryFacts(report: Report): SummaryFact[] {
  const protocols = headlineProtocols(report)
  const totals = (report.freeQueries ?? []).filter(({ kind, protocol }) => kind === undefined && protocols.includes(protocol))
  const isSubject = (row: FreeQueryRow) => row.model === (totals.some(({ model }) => model === 'student') ? 'student' : totals[0]!.model)
  const subjects = totals.filter(isSubject)
  const dtype = subjects.some((row) => row.dtype === 'fp32') ? 'fp32' : subjects[0]?.dtype
  return subjects
    .filter((row) => row.dtype === dtype && row.protocol === subjects[0]!.protocol)
    .map(({ language, metrics, interval95, chance, retention }) => ({
      title: `Relevant among five, ${languageName(language)}`,
      value: percent(metrics['precision@5']),
      unit: '%',
      note: [
        `${percentInterval(interval95['precision@5'])}, chance ${percent(chance['precision@5'])} %`,
        `any among five ${percent(metrics['hit@5'])} %`,
        ...(retention?.['precision@5'] === undefined ? [] : [`${percent(retention['precision@5'])} % of the teacher's`]),
      ].join('; '),
    }))
}
