import { unfitGallery } from '../eval/threshold.ts'
import { languageName, percent, thousands } from '../report/format.ts'
import { tableMarkdown } from '../report/tables/markdown.ts'
import type { MeasuredFiles } from './gate.ts'

/** What a score below which nothing fits is worth; nothing where none was chosen. */
export function thresholdSection(thresholds: MeasuredFiles['thresholds']): string {
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
  const paragraph = `Where the best cosine of a text with the pictures is below ${value.toFixed(4)} (${dtype}${also && `; ${also}`}), nothing fits well. The score was chosen on validation
data alone, as the one that tells best between a query's own pictures and ${unfitGallery} others (Youden's J, every row with the same weight); \`score_threshold\` of
\`config.json\` holds it. Refused: queries whose own pictures all score lower. Passed: queries for which one of ${unfitGallery} other pictures scores as high; of more
pictures more do.`
  return `## When nothing fits\n\n${paragraph}\n\n${tableMarkdown({ title: 'When nothing fits', columns, rows })}`
}
