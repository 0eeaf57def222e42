import { join } from 'node:path'
import test from 'ava'
import { edgeReport, edgeTable } from '../../export/edge.ts'
import { exportFolder } from '../../export/package.ts'
import { smallModel, temporaryFolder } from './small-model.ts'

test('an edge report has sizes, times and memory of each format side by side', async (t) => {
  const { model, tokenizerDir } = await smallModel(t)
  const dir = join(await temporaryFolder(t), 'small')
  await exportFolder(model, { tokenizerDir, out: dir, dtypes: ['fp32', 'q8'], threads: 1 })
  const rows = await edgeReport(
    [
      { name: 'small', dir, dtype: 'fp32' },
      { name: 'small', dir, dtype: 'q8' },
    ],
    { rounds: 10 },
  )
  t.true(rows[1]!.bytes.image < 0.4 * rows[0]!.bytes.image)
  for (const { image, text, memory } of rows) {
    t.true(image.p50 > 0 && image.p95 >= image.p50 && image.perSecond > 0 && text.p50 > 0)
    t.true(memory > 0 && memory < 1e9, `${memory}`)
  }
  const lines = edgeTable(rows).split('\n')
  t.is(lines.length, 4)
  t.regex(lines[3]!, /^\| small q8 +\| +0\.\d\d MB/)
})
