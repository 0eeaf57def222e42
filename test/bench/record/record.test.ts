import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { nodeArguments } from '../../../base/own-modules.ts'
import { packageRoot } from '../../../base/package-root.ts'
import { readRecords } from '../../../bench/record/read.ts'
import { originOf, recordSchema, writeRecord } from '../../../bench/record/record.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { throwsUserError } from '../../user-error.ts'

test('a record says what was measured, where and with what, and is read as it was written', async (t) => {
  const dir = await temporaryFolder(t)
  const origin = originOf('step', { preset: 'base', threads: 0 })
  const rows = { step: { unit: 'ms', values: [3, 1.5] }, none: { unit: 'ms', values: [Number.NaN] } }
  const file = await writeRecord(join(dir, 'results'), origin, rows)
  t.regex(file, /step-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z\.json$/)
  const [record] = await readRecords(file)
  t.deepEqual(record, { ...JSON.parse(JSON.stringify(origin)), rows: { step: rows.step } })
  t.deepEqual(await readRecords(join(dir, 'results')), [record!])
  t.is(record!.versions.node, process.versions.node)
  const lock = JSON.parse(await readFile(join(packageRoot(), 'package-lock.json'), 'utf8')) as { packages: Record<string, { version: string }> }
  for (const name of ['onnxruntime-node', '@tensorflow/tfjs', 'sharp'])
    t.is(record!.versions[name], lock.packages[`node_modules/${name}`]!.version, name)
  t.is(record!.machine.usableCores, availableParallelism())
})

test('what is no record is refused', async (t) => {
  const dir = await temporaryFolder(t)
  await throwsUserError(t, () => readRecords(join(dir, 'none.json')), { where: /none\.json$/, got: 'nothing there' })
  await throwsUserError(t, () => readRecords(dir), { where: dir, got: 'a folder without .json' })
  const file = join(dir, 'a.json')
  await writeFile(file, '{"schema": 1')
  await throwsUserError(t, () => readRecords(dir), { where: file, expected: 'JSON' })
  await writeFile(file, '{"schema": 2}')
  await throwsUserError(t, () => readRecords(file), { where: file, got: /^schema: / })
})

test('a bench leaves its rows in bench/results', async (t) => {
  const run = promisify(execFile)
  const main = join(packageRoot(), 'bench', 'main.ts')
  const { stdout, stderr } = await run(process.execPath, [...nodeArguments(), main, 'fleet', '--pairs', '1e6', '--workers', '10'], {
    cwd: packageRoot(),
  })
  const [, file] = /As data in (.*)\n$/.exec(stderr)!
  t.teardown(() => rm(file!))
  const { bench, flags, rows } = recordSchema.parse(JSON.parse(await readFile(file!, 'utf8')))
  t.deepEqual([bench, flags.pairs, flags.workers], ['fleet', '1e6', 10])
  const printed = stdout
    .split('\n')
    .at(-2)!
    .split('|')
    .map((cell) => cell.trim())
  t.is(rows['1e6 pairs, formula']!.values[0]!.toFixed(2), printed[3]!)
  t.is(rows['1e6 pairs, simulated']!.values[0]!.toFixed(2), printed[4]!)
})
