import { languageName } from '../../report/format.ts'
import { type ChartSpec, chart } from '../../report/html/chart.ts'
import { meanRecall, type Row, showSpread } from './rows.ts'

/** The charts take these colours from the report's page; a picture of its own brings them, for light pages and dark ones. */
const style = `<style>
svg { --line: #d8dce2; --muted: #5b6470; font-family: system-ui, sans-serif }
@media (prefers-color-scheme: dark) { svg { --line: #3a414b; --muted: #a3adb9 } }
</style>`
/** Of languages in their order, readable on both. */
const colours = ['#3b82c4', '#d9722e', '#3a9d68', '#9b62c4', '#c4588f', '#8a8a2e', '#4aa3a3', '#a36a4a']

/** Validation mean recall of every row and language as dots, in the order given, with lines of ± one standard deviation where there are several seeds. */
export async function recallFigure(rows: readonly Row[], winner: Row, languages: readonly string[]): Promise<string> {
  const values = rows.flatMap((row) =>
    languages.flatMap((language) => {
      const recall = row.measures[`recall.${language}`]
      if (!recall) return []
      const deviation = recall.deviation ?? 0
      const around = { low: 100 * (recall.mean - deviation), high: 100 * (recall.mean + deviation) }
      return [{ row: row.name, language: languageName(language), recall: 100 * recall.mean, ...around }]
    }),
  )
  const y = { field: 'row', type: 'nominal', sort: null, title: null, axis: { labelLimit: 220, grid: true } } as const
  const x = { type: 'quantitative', title: 'validation mean recall, %', scale: { zero: true }, axis: { tickCount: 6 } } as const
  const scale = { domain: languages.map(languageName), range: languages.map((_, i) => colours[i % colours.length]!) }
  const color = { field: 'language', type: 'nominal', scale, legend: { title: null, orient: 'top', labelColor: 'var(--muted)' } } as const
  const spec: ChartSpec = {
    width: 560,
    height: { step: 17 },
    data: { values },
    encoding: { y, color, yOffset: { field: 'language', sort: null } },
    layer: [
      { mark: { type: 'rule', strokeWidth: 1.5 }, encoding: { x: { ...x, field: 'low' }, x2: { field: 'high' } } },
      { mark: { type: 'point', filled: true, size: 28, opacity: 1 }, encoding: { x: { ...x, field: 'recall' } } },
    ],
  }
  const label = `Validation mean recall of ${rows.length} rows of objectives; the winner is ${winner.name} with ${showSpread(meanRecall(winner, languages), 100)} %`
  const { markup } = await chart(spec, label)
  return `${markup.replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ').replace('>', `>${style}`)}\n`
}
