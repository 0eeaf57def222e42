import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { withSection } from '../../export/card-section.ts'
import { type EdgeRow, edgeReport, edgeTable } from '../../export/edge.ts'
import { edgeFiles, writeEdgeReport } from '../../export/edge-files.ts'
import { edgeGoals, presetIn } from '../../export/edge-goals.ts'
import { exportFolder } from '../../export/package.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { smallModel } from './small-model.ts'

test('an edge report has sizes, times and memory of each format side by side, and lies in folder and card', async (t) => {
  const { model, tokenizerDir } = await smallModel(t)
  const dir = join(await temporaryFolder(t), 'small')
  await exportFolder(model, { tokenizerDir, out: dir, dtypes: ['fp32', 'q8'], threads: 1 })
  const rows = await edgeReport(
    [
      { role: 'student', name: 'small', dir, dtype: 'fp32' },
      { role: 'student', name: 'small', dir, dtype: 'q8' },
    ],
    { rounds: 10 },
  )
  t.true(rows[1]!.bytes.image < 0.4 * rows[0]!.bytes.image)
  for (const { image, text, memory } of rows) {
    t.true(image.p50 > 0 && image.p95 >= image.p50 && image.perSecond > 0 && text.p50 > 0)
    t.true(memory > 1e6 && memory < 150e6, `${memory}`) // this process has more: a child must not inherit it
  }
  const lines = edgeTable(rows).split('\n')
  t.is(lines.length, 4)
  t.regex(lines[3]!, /^\| small q8 +\| +0\.\d\d MB/)

  const report = {
    schema: 1 as const,
    rows,
    goals: edgeGoals(rows, { student: await presetIn(dir) }),
    load: 3,
    machine,
    versions: { node: '20.0.0' },
  }
  t.deepEqual(
    report.goals.map(({ goal }) => goal.replace(/:.*/, '')),
    ['small q8, both towers', 'small q8 against its fp32, one image', 'small q8 against its fp32, one text', 'small q8, aim'],
  )
  const written = await writeEdgeReport(dir, report)
  t.deepEqual(
    written,
    [...edgeFiles, 'README.md'].map((name) => join(dir, name)),
  )
  t.deepEqual(JSON.parse(await readFile(written[0]!, 'utf8')), JSON.parse(JSON.stringify(report)))
  const [before, section] = (await readFile(written[2]!, 'utf8')).split('\n## On the edge\n')
  t.true(section!.includes(edgeTable(rows)) && section!.includes('\n## Limits\n') && before!.startsWith('---\n'))
  t.regex(section!, /busy \(load 3\.0 on 1 cores\)/)
  await writeEdgeReport(dir, report)
  t.is((await readFile(written[2]!, 'utf8')).split('\n## On the edge\n').length, 2, 'a second report takes the place of the first')

  await exportFolder(model, { tokenizerDir, out: dir, dtypes: ['fp32'], threads: 1 }) // not refused for the report, which goes with its files
  await t.throwsAsync(readFile(written[0]!), { code: 'ENOENT' })
})

const machine = { cpu: 'any', cores: 1, memoryMB: 1, platform: 'linux x64' }

/** A row with these medians and this recall; the rest does not matter here. */
function row(role: EdgeRow['role'], name: string, dtype: EdgeRow['dtype'], image: number, text: number, en: number, bytes = 1e6): EdgeRow {
  const speed = (p50: number) => ({ p50, p95: p50, perSecond: 1 })
  const recall = [{ protocol: 'val', language: 'en', meanRecall: en }]
  return { role, name, dtype, bytes: { image: bytes, text: bytes }, memory: 1, image: speed(image), text: speed(text), recall }
}

test('goals are met or missed by what was measured, worked by hand', (t) => {
  const rows = [
    row('student', 's', 'fp32', 1, 0.5, 0.57),
    row('student', 's', 'q8', 0.8, 0.52, 0.564, 1.3e6),
    row('teacher', 'big', 'fp32', 6, 2, 0.6),
    row('teacher', 'big', 'q8', 3, 1.5, 0.6),
  ]
  t.deepEqual(
    edgeGoals(rows, { student: 'tiny', teacher: 'base' }).map(({ goal, got, met }) => `${goal} | ${got} | ${met}`),
    [
      's q8, both towers: at most 2.5 MB | 2.6 MB | false',
      's q8, English: at most 0.5 points of mean recall lost to fp32 | 0.60 points | false',
      's q8 against its fp32, one image: at least 1 × as fast | 1.25 × | true',
      's q8 against its fp32, one text: at least 1 × as fast | 0.96 × | false',
      's q8, aim: 1.2 × as fast as its fp32 in both towers | 1.25 ×, 0.96 × | false',
      's q8 against the teacher in fp32, one image: at least 5 × as fast | 7.50 × | true',
      's q8 against the teacher in fp32, one text: at least 5 × as fast | 3.85 × | false',
      'big q8 against its fp32, one image: at least 1.4 × as fast | 2.00 × | true',
      'big q8 against its fp32, one text: at least 1.4 × as fast | 1.33 × | false',
    ],
  )
  t.deepEqual(edgeGoals([rows[1]!], {}), [], 'a model of another size, alone, has no goals')
})

test('a section of a card is replaced, or put before the limits, or at the end', (t) => {
  const card = '---\na: b\n---\n\n# name\n\n## Sizes\n\nx\n\n## Limits\n\n- y\n'
  const with1 = withSection(card, 'On the edge', 'one\n')
  t.is(with1, '---\na: b\n---\n\n# name\n\n## Sizes\n\nx\n\n## On the edge\n\none\n\n## Limits\n\n- y\n')
  t.is(withSection(with1, 'On the edge', 'two'), with1.replace('one', 'two'))
  t.is(withSection('# name\n', 'Sizes', 'x'), '# name\n\n## Sizes\n\nx\n')
})
