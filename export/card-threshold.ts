import { mostRefused, unfitGallery } from '../eval/threshold.ts'
import { languageName, percent, thousands } from '../report/format.ts'
import { tableMarkdown } from '../report/tables/markdown.ts'
import type { ExportedFiles } from './exported-files.ts'

/** What a score below which nothing fits is worth; nothing where none was chosen. */
export function thresholdSection(thresholds: ExportedFiles['thresholds']): string {
  const [usual, ...others] = Object.entries(thresholds)
  if (!usual) return ''
  const [dtype, { value, measured }] = usual
  const also = others.map(([name, { value }]) => `${name} ${value.toFixed(4)}`).join(', ')
  const columns = ['protocol', 'language', 'queries', 'refused, %', 'passed, %'].map((title, i) => ({ title, isText: i < 2 }))
  const rows = measured.map(({ protocol, language, queries, refused, passed }) => [
    protocol,
    languageName(language),
    queries,
    `${percent(refused / queries)} (${thousands(refused)})`,
    `${percent(passed / queries)} (${thousands(passed)})`,
  ])
  const paragraph = `Where the best cosine of a text with the pictures is below ${value.toFixed(4)} (${dtype}${also && `; ${also}`}), nothing fits well; \`score_threshold\` of
\`config.json\` holds it. It was chosen on validation data alone, as the highest score at which every row below has at most ${100 * mostRefused} % refused. Each query searches
${unfitGallery} pictures that do not fit it, once with its own among them and once without. Refused: its own are there, and the best score is below. Passed: they are not, and
the best score is not below. Of more pictures more pass.`
  return `## When nothing fits\n\n${paragraph}\n\n${tableMarkdown({ title: 'When nothing fits', columns, rows })}`
}
