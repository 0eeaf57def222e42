import type { ExportedFiles } from '../export/exported-files.ts'

/** The score below which nothing fits, a line a number format, with its errors on validation; or why there is none. */
export function thresholdText(thresholds: ExportedFiles['thresholds']): string {
  const lines = Object.entries(thresholds).map(([dtype, { value, measured }]) => {
    const errors = measured.map(
      ({ protocol, language, queries, refused, passed }) => `${protocol} ${language} ${refused} refused, ${passed} passed of ${queries}`,
    )
    return `${dtype.padEnd(4)}  nothing fits below ${value.toFixed(4)}: ${errors.join('; ')}`
  })
  return lines.join('\n') || 'No score below which nothing fits: there is no validation split with enough queries.'
}
