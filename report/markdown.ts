import { markdownTable } from 'markdown-table'
import { languageGaps } from '../eval/languages.ts'
import {
  headlineProtocol,
  headlineRows,
  languageName,
  megabytes,
  parameterCount,
  percent,
  percentInterval,
  type ResultTable,
  resultCells,
  resultTables,
  rowLabel,
  thousands,
  totalParameters,
} from './format.ts'
import type { Report, ReportResult } from './schema.ts'

/** `report.md`: what the model is and keeps, then every table, the data, and how to get it again. Ends with a newline. */
export function renderMarkdown(report: Report): string {
  const sections = [
    '# Report',
    summary(report),
    overview(report),
    sizes(report),
    tables(report),
    zeroShot(report),
    consistency(report),
    groups(report),
    data(report),
    provenance(report),
  ]
  return `${sections.filter(Boolean).join('\n\n')}\n`
}

/** One sentence on size and one on what each language keeps: what a reader wants first. */
function summary(report: Report): string {
  const lines: string[] = []
  const { student, teacher } = report.models
  if (student) {
    const smallest = student.bytes.q8 ?? student.bytes.fp32
    const size = smallest === undefined ? '' : `, **${megabytes(smallest)}**${student.bytes.q8 === undefined ? '' : ' at q8'}`
    const share =
      teacher && totalParameters(teacher) > 0 ? `, ${percent(totalParameters(student) / totalParameters(teacher))} % of the teacher's` : ''
    const towers = `image ${parameterCount(student.parameters.image)}, text ${parameterCount(student.parameters.text)}`
    const name = student.name ? ` \`${student.name}\`` : ''
    lines.push(`The student${name} has **${parameterCount(totalParameters(student))} parameters**${size} (${towers})${share}.`)
  }
  const kept = headlineRows(report)
  for (const row of kept) {
    const retention = row.retention === undefined ? '' : `, **${percent(row.retention)} % of the teacher's**`
    lines.push(`- ${languageName(row.language)}: mean recall ${percent(row.metrics.mean_recall)} %${retention} (${row.protocol})`)
  }
  const gap = languageGaps(kept)[0]
  if (gap) lines.push(`- Gap between languages: ${percent(gap.gap)} points (best ${languageName(gap.best)}, worst ${languageName(gap.worst)})`)
  return lines.join('\n').replace('\n- ', '\n\n- ')
}

/** Mean recall of every model in every language on the headline protocol, with the gap. */
function overview(report: Report): string {
  const headline = headlineProtocol(report)
  if (!headline) return ''
  const rows = report.results.filter(
    (row) => row.protocol === headline.protocol && row.corpus === headline.corpus && row.metrics.mean_recall !== undefined,
  )
  const languages = [...new Set(rows.map((row) => row.language))]
  if (languages.length < 2) return ''
  const gaps = languageGaps(rows)
  const models = new Map(resultTables(rows).flatMap((table) => table.rows.map((row) => [rowLabel(row, rows), row] as const)))
  const body = [...models].map(([label, { model, dtype }]) => {
    const of = (language: string) => rows.find((row) => row.model === model && row.dtype === dtype && row.language === language)
    const gap = gaps.find((entry) => entry.model === model && entry.dtype === dtype)
    return [label, ...languages.map((language) => percent(of(language)?.metrics.mean_recall)), percent(gap?.gap)]
  })
  const head = ['mean recall, %', ...languages.map((language) => `${languageName(language)}`), 'gap']
  return `## ${headline.protocol}, all languages\n\n${table([head, ...body])}`
}

function sizes(report: Report): string {
  const body = Object.entries(report.models).map(([name, model]) => [
    model.name ? `${name} (${model.name})` : name,
    parameterCount(model.parameters.image),
    parameterCount(model.parameters.text),
    parameterCount(totalParameters(model)),
    Object.entries(model.bytes)
      .map(([dtype, bytes]) => `${dtype} ${megabytes(bytes)}`)
      .join(', ') || '–',
    Object.entries(model.latency ?? {})
      .map(([dtype, { image, text }]) => `${dtype} ${image.toFixed(2)} + ${text.toFixed(2)}`)
      .join(', ') || '–',
  ])
  const head = ['model', 'image', 'text', 'parameters', 'size', 'ms for an image + a text']
  const isTimed = Object.values(report.models).some(({ latency }) => latency)
  const rows = [head, ...body].map((row) => (isTimed ? row : row.slice(0, -1)))
  return body.length === 0 ? '' : `## Models\n\n${table(rows)}`
}

function tables(report: Report): string {
  if (report.results.length === 0) return ''
  const intro =
    "Recall@K in percent (a query is a hit when any of its right answers is in the top K; ties do not help the model), T→I text to image, I→T image to text; MR is the mean of the six, with its bootstrap interval (95 %, images drawn again). Kept: MR over the teacher's."
  return ['## Results', intro, ...resultTables(report.results).map((entry) => resultTable(entry, report))].join('\n\n')
}

function resultTable(entry: ResultTable, report: Report): string {
  const head = ['model', 'T→I @1', '@5', '@10', 'I→T @1', '@5', '@10', 'MR', '95 %', 'median rank', 'kept']
  const body = entry.rows.map((row) => resultCells(row, report.results))
  const title = `### ${entry.protocol} · ${languageName(entry.language)}`
  return [title, counts(entry.rows), table([head, ...body]), pixelNote(entry, report)].filter(Boolean).join('\n\n')
}

/** How to read the pixel baseline, or why there is none. */
function pixelNote(entry: ResultTable, report: Report): string {
  const pixels = entry.rows.find((row) => row.model === 'pixel-nn')
  if (pixels) {
    const spread = percentInterval(pixels.interval95?.['image_to_text_R@1'])
    return `pixel-nn names a drawing by its nearest training drawing, among ${thousands(pixels.gallery)} concepts; I→T @1 95 %: ${spread}.`
  }
  const absent = report.baseline?.find((note) => note.protocol === entry.protocol)
  return absent ? `No pixel baseline: ${absent.reason}.` : ''
}

/** Who asked among how many, for both directions where they differ. */
function counts(rows: readonly ReportResult[]): string {
  const row = rows.find((entry) => entry.model !== 'pixel-nn') ?? rows[0]!
  const line = (queries: number, gallery: number) => `${thousands(queries)} queries, gallery ${thousands(gallery)}`
  const image = line(row.queries, row.gallery)
  const direction = row.directions?.text_to_image
  const text = direction ? line(direction.queries, direction.gallery) : image
  return `Corpus ${row.corpus}; ${text === image ? `each direction ${image}` : `T→I ${text}; I→T ${image}`}.`
}

function zeroShot({ zeroShot: rows = [] }: Report): string {
  const body = rows.map(({ model, dtype, protocol, language, classes, count, metrics }) => [
    `${model} ${dtype}`,
    protocol,
    languageName(language),
    `${count.classes} ${classes}`,
    thousands(count.images),
    String(count.templates),
    percent(metrics.acc1),
    percent(metrics.acc5),
    percent(metrics.mean_per_class_recall),
  ])
  const head = ['model', 'protocol', 'language', 'classes', 'images', 'templates', 'top 1', 'top 5', 'per class']
  return body.length === 0 ? '' : `## Zero-shot classification\n\n${table([head, ...body], 4)}`
}

function consistency({ consistency: rows = [] }: Report): string {
  const body = rows.map(({ model, dtype, protocol, languages, metrics }) => [
    `${model} ${dtype}`,
    protocol,
    languages.map(languageName).join(' – '),
    ...(['overlap@1', 'overlap@5', 'overlap@10', 'ndcg@20', 'text_to_text_R@1', 'text_to_text_R@1_reverse'] as const).map((name) =>
      percent(metrics[name]),
    ),
  ])
  const head = ['model', 'protocol', 'languages', 'same first', 'of 5', 'of 10', 'NDCG 20', 'text → text', '← back']
  const intro = 'What a caption and its translation find among the same images, and recall@1 of the translation among texts; percent.'
  return body.length === 0 ? '' : `## Agreement between languages\n\n${intro}\n\n${table([head, ...body], 3)}`
}

function groups({ groups: rows = [] }: Report): string {
  const body = rows.map(({ group, model, dtype, protocol, language, queries, metrics }) => [
    group,
    `${model} ${dtype}`,
    protocol,
    languageName(language),
    thousands(queries),
    percent(metrics['text_to_image_R@1']),
    percent(metrics['image_to_text_R@1']),
    percent(metrics.mean_recall),
  ])
  const head = ['group', 'model', 'protocol', 'language', 'images', 'T→I @1', 'I→T @1', 'MR']
  return body.length === 0 ? '' : `## Groups\n\n${table([head, ...body], 4)}`
}

function data(report: Report): string {
  if (!report.data?.length) return ''
  const lines = report.data.map((entry) => {
    const counted = Object.entries(entry.counts ?? {}).map(([name, count]) => `${thousands(count)} ${name}`)
    const parts = [entry.languages.map(languageName).join(', '), ...counted, `licence ${entry.licence}`, ...(entry.note ? [entry.note] : [])]
    return `- **${entry.corpus}**: ${parts.join('; ')}`
  })
  return `## Data\n\n${lines.join('\n')}`
}

function provenance(report: Report): string {
  const { seed, versions, machine, commit, dirty, minutes, peakMemoryMB } = report.provenance
  const device = machine.device ? `, on ${machine.device}` : ''
  const lines = [
    `- ${minutes.toFixed(1)} minutes, peak memory ${thousands(Math.round(peakMemoryMB))} MB`,
    `- ${machine.cpu}, ${machine.cores} cores, ${thousands(machine.memoryMB)} MB, ${machine.platform}${device}`,
    `- commit ${commit ?? 'unknown'}${dirty ? ' with local changes' : ''}, seed ${seed}`,
    `- ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}`,
  ]
  const commands = report.commands?.length ? `\n\nTo get this report again:\n\n\`\`\`sh\n${report.commands.join('\n')}\n\`\`\`` : ''
  const config = `\n\n<details><summary>Configuration</summary>\n\n\`\`\`json\n${JSON.stringify(report.provenance.config, null, 2)}\n\`\`\`\n\n</details>`
  return `## Provenance\n\n${lines.join('\n')}${commands}${config}`
}

/** The first `words` columns stand left, numbers right. */
function table(rows: string[][], words = 1): string {
  const escaped = rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))
  return markdownTable(escaped, { align: rows[0]!.map((_, column) => (column < words ? 'l' : 'r')) })
}
