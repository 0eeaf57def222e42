import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { trainingTime, validationRecall } from '../../bench/study/log-measures.ts'
import { rareRecall } from '../../bench/study/rare-classes.ts'
import { type Result, resultsFile } from '../../bench/study/results.ts'
import { leadOver, meanRecall, type Row, ranked, rowsOf, showSpread, spread, winnerOf } from '../../bench/study/rows.ts'
import { openCorpus } from '../../corpora/open.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import type { LogLine } from '../../report/material.ts'
import { throwsUserError } from '../user-error.ts'
import { smallPlace } from './small-place.ts'

const place = smallPlace()
test.after.always(async () => rm((await place).dir, { recursive: true }))

function run(row: string, seed: number, en: number, zh: number): Result {
  return { key: `${row} ${seed}`, row, seed, settings: {}, machine: '', measures: { 'recall.en': en, 'recall.zh': zh } }
}

test('mean and sample deviation of hand-written runs', (t) => {
  t.deepEqual(spread([2, 4, 9]), { mean: 5, deviation: Math.sqrt((9 + 1 + 16) / 2) })
  t.deepEqual(spread([3]), { mean: 3 })
  t.is(showSpread({ mean: 0.5, deviation: 0.0123 }, 100), '50.0 ± 1.2')
  t.is(showSpread(undefined), '–')
  const [row] = rowsOf([run('a', 1, 0.2, 0.4), run('a', 2, 0.4, 0.6)])
  t.is(row!.measures['recall.en']!.mean, 0.30000000000000004)
  t.is(meanRecall(row!, ['en', 'zh']).mean.toFixed(6), '0.400000')
})

test('rows are ranked seed by seed', (t) => {
  const easy = [run('three', 1, 0.5, 0.5), run('three', 2, 0.7, 0.7), run('three', 3, 0.6, 0.6)]
  const rows = rowsOf([
    ...easy,
    run('fair', 1, 0.4, 0.6),
    run('fair', 2, 0.5, 0.7),
    run('hard seed alone', 1, 0.52, 0.5),
    run('no such seed', 4, 0.9, 0.9),
  ])
  const [three, fair, hard, none] = rows as [Row, Row, Row, Row]
  t.deepEqual(
    ranked(rows, ['en', 'zh']).map(({ name }) => name),
    ['hard seed alone', 'three', 'fair', 'no such seed'],
  )
  t.is(winnerOf(rows, ['en', 'zh']), three)
  const lead = leadOver(three, fair, ['en', 'zh'])!
  t.is(lead.mean.toFixed(6), '0.050000') // of 0 and 0.1
  t.is(lead.deviation!.toFixed(6), (0.1 / Math.SQRT2).toFixed(6))
  t.is(leadOver(hard, three, ['en', 'zh'])!.deviation, undefined)
  t.is(leadOver(none, three, ['en', 'zh']), undefined)
})

test("a log's last validation, minutes and median step", (t) => {
  const log: LogLine[] = [
    { step: 10, loss: 2, stepsPerSecond: 2 }, // 5 s
    { step: 20, loss: 2, stepsPerSecond: 2 }, // 10 s
    { step: 20, validation_mean_recall_en: 0.25, language_gap: 0 },
    { step: 30, loss: 1, stepsPerSecond: 1 }, // 30 s: a validation came between
    { step: 40, loss: 1, stepsPerSecond: 40 / 36 }, // 36 s
    { step: 40, validation_mean_recall_en: 0.5, 'validation_text_to_image_R@1_en': 0.1, language_gap: 0 },
  ]
  t.deepEqual(validationRecall(log), { 'recall.en': 0.5 })
  const { minutes, secondsPerStep } = trainingTime(log, true)
  t.is(minutes!.toFixed(6), '0.600000')
  t.is(secondsPerStep!.toFixed(6), '0.600000') // of 0.5, 2 and 0.6
  t.deepEqual(trainingTime(log, false), {}, 'a resumed run tells no time')
})

test('results are appended, read by key, and a damaged line is named', async (t) => {
  const { dir } = await place
  const file = resultsFile(join(dir, 'some', 'results.jsonl'))
  t.is((await file.read()).size, 0)
  const result = { key: 'k', row: 'r', seed: 1, settings: { steps: 2 }, measures: { minutes: 1 }, machine: 'm' }
  await file.append(result)
  t.deepEqual([...(await file.read()).values()], [result])
  await file.append({ row: 'no key' } as never)
  await throwsUserError(t, () => file.read(), { where: /results\.jsonl, line 2/ })
})

test('the rarest tenth of the classes is measured by itself', async (t) => {
  const { flags } = await place
  const open = await openCorpus(String(flags.corpus), { languages: ['de'] })
  const encoder = await openOnnxFolder(String(flags.teacher), { threads: 1 })
  const where = { corpus: String(flags.corpus), languages: ['de'], teacher: '', cacheDir: String(flags.cacheDir), runs: '', out: '' }
  const colours = await rareRecall(open, 'class', where, encoder)
  await encoder.release()
  t.is(colours.rareClasses, 1) // of three, each with eight images
  t.is(colours.rareQueries, 8)
  t.true(colours['rare.de']! > 0 && colours['rare.de']! < 1)
})
