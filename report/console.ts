import type { Report } from './schema.ts'
import { tableText } from './tables/console.ts'
import { freeQueryTables } from './tables/free-queries.ts'
import { headlineTable } from './tables/headline.ts'
import { otherProtocols, protocolTables } from './tables/recall.ts'
import { teacherAgreementTable } from './tables/teacher-agreement.ts'

/**
 * The report's main tables for a terminal: in short, free queries, the headline protocol, and the other protocols. Plain text: no colours, so that
 * it reads the same in a log. Ends with a newline.
 */
export function renderConsole(report: Report): string {
  const tables = [headlineTable(report), teacherAgreementTable(report), ...freeQueryTables(report), protocolTables(report)[0], otherProtocols(report)]
  return `${tables
    .filter((table) => table !== undefined)
    .map(tableText)
    .join('\n\n')}\n`
}
