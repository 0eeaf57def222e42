import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { benchBudget, budgetFlags } from '../../bench/budget.ts'
import { benchTeacherModes, teacherModesFlags } from '../../bench/teacher-modes.ts'
import { smallPlace } from './small-place.ts'

const place = smallPlace()
test.after.always(async () => rm((await place).dir, { recursive: true }))

const number = String.raw`\d+\.\d+`

test('teacher-modes: time, memory and the recall of rare classes, a line for each way', async (t) => {
  const { dir, flags } = await place
  const only = 'features,every-step,class-means-4'
  await benchTeacherModes({ ...teacherModesFlags, ...flags, out: join(dir, 'modes'), classColumn: 'kind', only, seeds: 1, steps: 12 })
  const page = await readFile(join(dir, 'modes', 'teacher-modes.md'), 'utf8')
  t.regex(page, /^`npm run bench -- teacher-modes --steps 12 .*--class-column kind` writes this page/m)
  for (const way of ['teacher at every step', '4 centroids a class'])
    t.regex(page, new RegExp(`^\\| ${way} .*\\| 1 +\\| ${number} +\\| \\d+ +\\| ${number} +\\| ${number} +\\| ${number} +\\| ${number} +\\|$`, 'm'))
  t.regex(page, /the rarest tenth are 1 of them, with \d+ queries each way/)
  t.regex(page, /is made once, in \d+\.\d minutes with a peak of \d+ MB/)
  t.notRegex(page, /nothing about images \(/, 'what was not run is not shown')
})

test('budget: recall of a split beside what its towers hold, speed and recall beside the teacher', async (t) => {
  const { dir, flags } = await place
  await benchBudget({ ...budgetFlags, ...flags, out: join(dir, 'budget'), only: '64x4-160x2,112x3-96x3,latency,teacher', seeds: 1, steps: 2 })
  const page = await readFile(join(dir, 'budget', 'budget.md'), 'utf8')
  t.regex(
    page,
    new RegExp(
      `^\\| 64x4-160x2 +\\| ${number} +\\| ${number} +\\| ${number} % +\\| ${number} +\\| ${number} +\\| ${number} +\\| \\d+ +\\| 1 +\\|$`,
      'm',
    ),
  )
  t.regex(page, /^\| 160x5-32x3 .*\| – +\| – +\| – +\| \d+ +\| 0 +\|$/m)
  t.regex(page, /^`npm run bench -- budget --steps 2 /m)
  const speed = `${number} \\(${number}×\\)`
  t.regex(page, new RegExp(`^\\| 112x3-96x3 .*\\| ${speed} +\\| ${speed} +\\| ${number} +\\| ${number} % +\\| 1 +\\|$`, 'm'))
})
