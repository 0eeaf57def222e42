import test from 'ava'
import { type ChartSpec, chart } from '../../report/html/chart.ts'

test('coordinates are rounded and roles left out, words stay as they are', async (t) => {
  const spec: ChartSpec = {
    data: { values: [1, 2, 3].map((value) => ({ name: `${value}.0625 role="a"`, value: value / 7 })) },
    mark: 'point',
    encoding: { y: { field: 'name', type: 'nominal' }, x: { field: 'value', type: 'quantitative' } },
  }
  const { markup } = await chart(spec, 'three values')
  for (const value of [1, 2, 3]) t.true(markup.includes(`>${value}.0625 role="a"<`), `${value}`)
  const [svg, ...tags] = markup.match(/<[^>]*>/g)!
  t.regex(svg!, /role="img" aria-label="three values"/)
  for (const tag of tags) t.notRegex(tag, /\d\.\d{3}|role=/)
})
