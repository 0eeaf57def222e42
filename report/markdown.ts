import { headlineProtocol } from './format.ts'
import type { Report } from './schema.ts'
import { freeQueryKinds, freeQueryTables } from './tables/free-queries.ts'
import { groupRecalls } from './tables/groups.ts'
import { headlineTable } from './tables/headline.ts'
import { agreementTable, gapTable } from './tables/languages.ts'
import { escapeMarkdown, tableMarkdown } from './tables/markdown.ts'
import { modelTable } from './tables/models.ts'
import { dataFacts, provenanceFacts } from './tables/provenance.ts'
import { protocolTables } from './tables/recall.ts'
import { leadOf, summaryFacts } from './tables/summary.ts'
import type { ReportTable } from './tables/table.ts'
import { teacherAgreementTable } from './tables/teacher-agreement.ts'
import { zeroShotTable } from './tables/zero-shot.ts'

const recallNote =
  "Recall@K in percent (a query is a hit when any of its right answers is in the top K; ties do not help the model), T→I text to image, I→T image to text; MR is the mean of the six, with its bootstrap interval (95 %, images drawn again). Kept: MR over the teacher's."

/** `report.md`: what the model is and keeps, then every table, the data, and how to get it again. Ends with a newline. */
export function renderMarkdown(report: Report): string {
  const sections = [
    '# Report',
    summary(report),
    titled('## In short', headlineTable(report)),
    titled('## Models', modelTable(report)),
    free(report),
    titled('## Agreement with the teacher', teacherAgreementTable(report)),
    recalls(report),
    titled('## Gap between languages', gapTable(report)),
    titled('## Zero-shot classification', zeroShotTable(report)),
    titled('## Agreement between languages', agreementTable(report)),
    titled('## Groups', groupRecalls(report)),
    data(report),
    provenance(report),
  ]
  return `${sections.filter(Boolean).join('\n\n')}\n`
}

/** A heading and a table below it; nothing without the table. */
function titled(heading: string, table: ReportTable | undefined): string {
  return table ? `${heading}\n\n${tableMarkdown(table)}` : ''
}

function summary(report: Report): string {
  const facts = summaryFacts(report).map(({ title, value, unit, note }) => {
    const line = `- ${title}: **${value}${unit ? ` ${unit}` : ''}**${note ? `; ${note}` : ''}`
    return line
  })
  const headline = headlineProtocol(report)
  const about = headline ? `Recall on \`${headline.protocol}\` is the mean of recall@1, 5 and 10 in both directions.` : ''
  const lead = leadOf(report)
  return [lead && escapeMarkdown(lead), facts.join('\n'), about].filter(Boolean).join('\n\n')
}

function free(report: Report): string {
  const tables = freeQueryTables(report)
  if (tables.length === 0) return ''
  const kinds = freeQueryKinds(report)
  return ['## Free queries', ...[...tables, ...(kinds ? [kinds] : [])].map(section)].join('\n\n')
}

function recalls(report: Report): string {
  const tables = protocolTables(report)
  return tables.length === 0 ? '' : ['## Results', recallNote, ...tables.map(section)].join('\n\n')
}

function section(table: ReportTable): string {
  return titled(`### ${escapeMarkdown(table.title)}`, table)
}

function data(report: Report): string {
  const lines = dataFacts(report).map(
    ({ corpus, facts }) =>
      `- **${escapeMarkdown(corpus)}**: ${facts.map(([name, text]) => `${name.toLowerCase()} ${escapeMarkdown(text)}`).join('; ')}`,
  )
  return lines.length === 0 ? '' : `## Data\n\n${lines.join('\n')}`
}

function provenance(report: Report): string {
  const lines = provenanceFacts(report.provenance).map(([name, text]) => `- ${name}: ${text}`)
  const versions = Object.entries(report.provenance.versions).map(([name, version]) => `${name} ${version}`)
  const commands = report.commands?.length ? `\n\nTo get this report again:\n\n\`\`\`sh\n${report.commands.join('\n')}\n\`\`\`` : ''
  const config = `\n\n<details><summary>Configuration</summary>\n\n\`\`\`json\n${JSON.stringify(report.provenance.config, null, 2)}\n\`\`\`\n\n</details>`
  return `## Provenance\n\n${lines.join('\n')}\n- ${versions.join(', ')}${commands}${config}`
}
