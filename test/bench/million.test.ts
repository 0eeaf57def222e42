import test from 'ava'
import { benchMillion, measureRows, millionFlags } from '../../bench/million.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'

test('features leave no decoded pictures, and all commands stay small', async (t) => {
  const rows = 1000
  const { features, 'stage 1': stage1, evaluate } = await measureRows({ rows, dir: await temporaryFolder(t), steps: 5 })
  const numbers = 2 * 64 * (rows + 4 * rows) // a picture and four captions, 64 float16 each
  t.true(features!.disk > numbers && features!.disk < 1.2 * numbers, `${features!.disk} bytes`)
  t.true(stage1!.disk > rows * 4 * 64 * 64, 'stage 1 decodes them')
  for (const { megabytes } of [features!, stage1!, evaluate!]) t.true(megabytes > 50 && megabytes < 1000, `${megabytes} MB`)
})

test('too few rows are refused', async (t) => {
  await throwsUserError(t, () => benchMillion({ ...millionFlags, rows: 10 }), { where: '--rows', got: '10' })
})
