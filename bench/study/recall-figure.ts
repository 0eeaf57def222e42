import { languageName } from '../../eval/report/format.ts'
import { type ChartSpec, chart } from '../../eval/report/html/chart.ts'
import { meanRecall, type Row } from './rows.ts'

/** The report's colours as a picture of its own has them, on light and on dark pages. */
const style = `<style>
svg { --line: #d8dce2; --muted: #5b6470; --c1: #2563a8; --c2: #c2571a; --c3: #2f8f5b; --c4: #8a4fb0; font-family: system-ui, sans-serif }
@media (prefers-color-scheme: dark) { svg { --line: #3a414b; --muted: #a3adb9; --c1: #7fb2e8; --c2: #f0a06a; --c3: #6fcf9b; --c4: #c79ae6 } }
</style>`

/** Validation mean recall of every row and language as dots, best row first, with lines of ± one standard deviation where there are several seeds. */
export async function recallFigure(ranked: readonly Row[], languages: readonly string[]): Promise<string> {
  const values = ranked.flatMap((row) =>
    languages.flatMap((language, i) => {
      const recall = row.measures[`recall.${language}`]
      if (!recall) return []
      const deviation = recall.deviation ?? 0
      const around = { low: 100 * (recall.mean - deviation), high: 100 * (recall.mean + deviation) }
      return [{ row: row.name, language: languageName(language), colour: `var(--c${i + 1})`, recall: 100 * recall.mean, ...around }]
    }),
  )
  const y = { field: 'row', type: 'nominal', sort: null, title: null, axis: { labelLimit: 180, grid: true } }
  const x = { type: 'quantitative', title: 'validation mean recall, %', scale: { zero: true }, axis: { tickCount: 6 } }
  const color = { field: 'colour', type: 'nominal', scale: null }
  const spec = {
    width: 560,
    height: { step: 17 },
    data: { values },
    encoding: { y, color, yOffset: { field: 'language', sort: null } },
    layer: [
      { mark: { type: 'rule', strokeWidth: 1.5 }, encoding: { x: { ...x, field: 'low' }, x2: { field: 'high' } } },
      { mark: { type: 'point', filled: true, size: 28, opacity: 1 }, encoding: { x: { ...x, field: 'recall' } } },
    ],
  } as unknown as ChartSpec
  const best = ranked[0]!
  const legend = languages.map((language, i) => `${languageName(language)} ${['blue', 'orange', 'green', 'violet'][i] ?? ''}`).join(', ')
  const label = `Validation mean recall by objectives, ${legend}; best ${best.name} with ${(100 * meanRecall(best, languages).mean).toFixed(1)} %`
  const { markup } = await chart(spec, label)
  return `${markup.replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ').replace('>', `>${style}`)}\n`
}
