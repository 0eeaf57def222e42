import test from 'ava'
import { type ChartSpec, chart } from '../../../eval/report/html/chart.ts'

test('coordinates are rounded, words are not', async (t) => {
  const spec: ChartSpec = {
    data: { values: [1, 2, 3].map((value) => ({ name: `model-${value}.0625`, value: value / 7 })) },
    mark: 'point',
    encoding: { y: { field: 'name', type: 'nominal' }, x: { field: 'value', type: 'quantitative' } },
  }
  const { markup } = await chart(spec, 'three values')
  for (const name of ['model-1.0625', 'model-2.0625', 'model-3.0625']) t.true(markup.includes(`>${name}<`), name)
  for (const [tag] of markup.matchAll(/<[^>]*>/g)) t.notRegex(tag, /\d\.\d{3}/)
})
