import type { Report } from './schema.ts'
import { freeQueryTables } from './tables/free-queries.ts'
import { headlineTable } from './tables/headline.ts'
import { tableMarkdown } from './tables/markdown.ts'
import { otherProtocols, protocolTables } from './tables/recall.ts'

/** Heading of the model card's section on retrieval. */
export const recallTitle = 'Retrieval'

/** The report's main tables as the model card's section of that title has them; empty without results. */
export function recallSection(report: Report): string {
  const tables = [headlineTable(report), ...freeQueryTables(report), protocolTables(report)[0], otherProtocols(report)].filter(
    (table) => table !== undefined,
  )
  if (tables.length === 0) return ''
  const intro = 'In percent; mean recall (MR) is the mean of R@1, 5 and 10 in both directions.'
  return [intro, ...tables.map((table) => `**${table.title}**\n\n${tableMarkdown(table)}`)].join('\n\n')
}
