import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { compareRecords } from '../../../bench/record/compare.ts'
import type { BenchRecord } from '../../../bench/record/record.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { throwsUserError } from '../../user-error.ts'

const machine = { cpu: 'AMD EPYC', cores: 2, usableCores: 2, memoryMB: 7000, platform: 'linux x64', instructions: ['avx2'] }

function record(changed: Partial<BenchRecord>): BenchRecord {
  return {
    ...{ schema: 1, bench: 'step', date: '2026-12-01T03:00:00.000Z', commit: '0123456789', machine, versions: { node: '20.19.0' } },
    ...{ flags: { preset: 'base', keepPatches: 1 }, rows: {}, ...changed },
  }
}

const ms = (...values: number[]) => ({ unit: 'ms', values })

async function folder(dir: string, name: string, ...records: BenchRecord[]): Promise<string> {
  const path = join(dir, name)
  await mkdir(path)
  for (const [i, record] of records.entries()) await writeFile(join(path, `${i}.json`), JSON.stringify(record))
  return path
}

test('medians over all files of a side, ratios, and rows of one side alone', async (t) => {
  const dir = await temporaryFolder(t)
  const a = await folder(dir, 'a', record({ rows: { step: ms(1, 9, 2), trace: ms(5), zero: ms(0) } }))
  const b = await folder(dir, 'b', record({ rows: { step: ms(4), zero: ms(3) }, dirty: true }), record({ rows: { step: ms(8), session: ms(1) } }))
  const lines = (await compareRecords([a, b])).split('\n')
  t.is(lines[0], `A: ${a} (2026-12-01 at 0123456)`)
  t.is(lines[1], `B: ${b} (2026-12-01 at 0123456, files changed; 2026-12-01 at 0123456)`)
  const cells = lines.slice(5, 7).map((line) => line.split('|').map((cell) => cell.trim()))
  t.deepEqual(cells, [
    ['', 'step', 'step', 'ms', '2', '6', '3.000', ''],
    ['', 'step', 'zero', 'ms', '0', '3', '–', ''],
  ])
  t.deepEqual(lines.slice(7), ['', 'Only in A: step, trace', 'Only in B: step, session'], 'nothing differs between the machines')
})

test('another machine, other versions and other flags are named', async (t) => {
  const dir = await temporaryFolder(t)
  const rows = { step: ms(1) }
  const other = { machine: { ...machine, cpu: 'Xeon', instructions: ['avx2', 'avx512f'] }, versions: { node: '22.0.0', sharp: '1' } }
  const a = await folder(dir, 'a', record({ rows }))
  const b = await folder(dir, 'b', record({ rows, ...other, flags: { preset: 'base', keepPatches: 0.5 } }))
  t.true(
    (await compareRecords([join(a, '0.json'), b])).endsWith(
      [
        'Not measured alike, so the ratios are not of the code alone:',
        '- cpu: AMD EPYC in A, Xeon in B',
        '- instructions: avx2 in A, avx2 avx512f in B',
        '- node: 20.19.0 in A, 22.0.0 in B',
        '- step --keep-patches: 1 in A, 0.5 in B',
      ].join('\n'),
    ),
  )
})

test('what cannot be compared is refused', async (t) => {
  const dir = await temporaryFolder(t)
  const step = await folder(dir, 'step', record({ rows: { step: ms(1) } }))
  const fleet = await folder(dir, 'fleet', record({ bench: 'fleet', rows: { step: ms(1) } }))
  const mixed = await folder(dir, 'mixed', record({ rows: { step: ms(1) } }), record({ flags: { preset: 'tiny', keepPatches: 1 } }))
  await throwsUserError(t, () => compareRecords([]), { where: 'bench compare', got: 'none' })
  await throwsUserError(t, () => compareRecords([step]), { got: step })
  await throwsUserError(t, () => compareRecords([step, fleet]), { expected: 'results of the same bench', got: 'step and fleet' })
  await throwsUserError(t, () => compareRecords([step, mixed]), { where: mixed, got: '--preset base and tiny' })
})
