import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { benchObjectives } from '../../bench/objectives.ts'
import { studyFlags } from '../../bench/study/plan.ts'
import type { Result } from '../../bench/study/results.ts'
import { type Expected, throwsUserError } from '../user-error.ts'
import { smallPlace } from './small-place.ts'

const place = smallPlace()
test.after.always(async () => rm((await place).dir, { recursive: true }))

test('runs are recorded once, drawn together, and come out the same again', async (t) => {
  const { dir, flags } = await place
  const file = join(dir, 'out', 'objectives.jsonl')
  const lines = async () => (await readFile(file, 'utf8')).trim().split('\n')
  const run = (only: string, seeds = '1') => benchObjectives({ ...studyFlags, ...flags, only, seeds, steps: 2 })

  await run('task,fd+crd,task+hidden')
  const first = await lines()
  const results = first.map((line) => JSON.parse(line) as Result)
  t.deepEqual(
    results.map(({ row }) => row),
    ['task', 'task+hidden', 'fd+crd'],
  )
  for (const { measures } of results) for (const name of ['recall.de', 'recall.fr', 'minutes', 'peakMemoryMB']) t.true(measures[name]! > 0, name)

  await run('task,fd+crd')
  t.deepEqual(await lines(), first, 'nothing is done twice')

  await run('fd', '2-2')
  t.like(JSON.parse((await lines()).at(-1)!), { row: 'fd', seed: 2 })
  await run('fd', '2')
  const page = await readFile(join(dir, 'out', 'objectives.md'), 'utf8')
  for (const objective of ['task:1', 'fd:4,crd:1', 'task:1,hidden:1', 'fd:4']) t.regex(page, new RegExp(`^\\| \`${objective}\``, 'm'))
  t.regex(page, /^\| `fd:4` +\| 2 +\| \d+\.\d ± \d+\.\d/m, 'two seeds have a deviation')
  const lead = String.raw`-?\d+\.\d`
  t.regex(page, new RegExp(`^\\| \`task:1\` +\\| 1 .*\\| +\\| ${lead} +\\|[^|]+\\|[^|]+\\|$`, 'm'), 'task has a lead over the winner alone')
  t.regex(page, new RegExp(`^\\| \`fd:4\` +\\| 2 .*\\| ${lead} +\\| +\\|[^|]+\\|[^|]+\\|$`, 'm'), 'the winner has one over task alone')
  t.regex(page, /\*\*Winner\*\*: `fd:4`/, 'the row with most seeds')
  t.regex(await readFile(join(dir, 'out', 'objectives.svg'), 'utf8'), /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"[^>]*><style>[\s\S]*<\/svg>\s*$/)

  await writeFile(file, `${first.slice(1).join('\n')}\n`)
  await rm(join(dir, 'runs'), { recursive: true })
  await run('task')
  const again = JSON.parse((await lines()).at(-1)!) as Result
  t.is(again.key, results[0]!.key)
  t.is(again.measures['recall.de'], results[0]!.measures['recall.de'])
})

test('a row that does not exist, and a shard that cannot be', async (t) => {
  const { flags } = await place
  const mistake = (given: object, expected: Expected) => throwsUserError(t, () => benchObjectives({ ...studyFlags, ...flags, ...given }), expected)
  await mistake({ only: 'task+fdd' }, { hint: /task\+fd/ })
  await mistake({ shard: '3/2' }, { expected: /PART\/PARTS/ })
  for (const seeds of ['0', '3-2', '0-1', 'all', '11']) await mistake({ seeds }, { where: /--seeds/, expected: /at most 10/ })
})
