import { readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { UserError } from '../../../base/errors.ts'
import { encodeNpy } from '../../../engine/npy.ts'
import { missingBytes, readRows, readShard, type ShardSet, writeShards } from '../../../training/teachers/shard-files.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

/** Eleven rows in three files, of two kinds: row r is r, r + 1/8, r + 2/8, …, exact in float16; wide rows are negative. */
async function written(t: ExecutionContext) {
  const dir = await temporaryFolder(t)
  const one = (kind: string, width: number): ShardSet => ({ dir, kind, rows: 11, width, shardRows: 4 })
  const sets = [one('narrow', 3), one('wide', 5)]
  const rowOf = (row: number, width: number) => Array.from({ length: width }, (_, i) => (width === 5 ? -1 : 1) * (row + i / 8))
  const asked: string[] = []
  const make = async (from: number, to: number) => {
    asked.push(`${from}-${to}`)
    return sets.map(({ width }) => Float32Array.from(Array.from({ length: to - from }, (_, i) => rowOf(from + i, width)).flat()))
  }
  const seen: number[] = []
  await writeShards(sets, make, (rows) => seen.push(rows))
  return { dir, sets, rowOf, asked, seen, again: () => writeShards(sets, make, () => {}) }
}

test('rows come back in the order asked for, over all files and however often', async (t) => {
  const { sets, rowOf } = await written(t)
  const order = [10, 0, 3, 4, 7, 0, 8, 1]
  for (const set of sets) {
    t.deepEqual(
      [...(await readRows(set, order))],
      order.flatMap((row) => rowOf(row, set.width)),
    )
    t.deepEqual([...(await readRows(set, []))], [])
    t.deepEqual(
      [...(await readShard(set, 8))],
      [8, 9, 10].flatMap((row) => rowOf(row, set.width)),
      'the last file is shorter',
    )
  }
})

test('what is missing is made, and nothing else', async (t) => {
  const { dir, sets, asked, seen, again } = await written(t)
  t.deepEqual(asked, ['0-4', '4-8', '8-11'])
  t.is(seen.at(-1), 11)
  t.is((await readdir(dir)).length, 6)
  t.is(missingBytes(sets), 0)
  await again()
  t.is(asked.length, 3, 'all was there')
  await rm(join(dir, 'wide-00001.npy'))
  t.is(missingBytes(sets), 2 * 4 * 5)
  const before = await stat(join(dir, 'narrow-00000.npy'))
  await again()
  t.deepEqual(asked.slice(3), ['4-8'])
  t.is((await stat(join(dir, 'narrow-00000.npy'))).mtimeMs, before.mtimeMs)
})

test('refuses files of another shape, half a file, and numbers that are not finite', async (t) => {
  const { dir, sets } = await written(t)
  const [narrow, wide] = sets as [ShardSet, ShardSet]
  await writeFile(join(dir, 'narrow-00000.npy'), encodeNpy(new Float32Array(8), 2))
  await t.throwsAsync(readRows(narrow, [1]), { instanceOf: UserError, message: /narrow-00000\.npy: expected features \[4,3\], got \[4,2\]/ })
  await t.throwsAsync(readShard(narrow, 0), { instanceOf: UserError, message: /expected features \[4,3\], got \[4,2\]/ })
  await writeFile(join(dir, 'wide-00002.npy'), encodeNpy(new Float32Array(15), 5).subarray(0, 140))
  await t.throwsAsync(readRows(wide, [0, 9]), { instanceOf: UserError, message: /wide-00002\.npy: expected a complete \.npy matrix/ })
  const broken = [{ ...narrow, kind: 'broken' }]
  for (const [value, message] of [
    [Number.NaN, /teacher features of broken 0….*at most 65504, got NaN\. The teacher is broken/],
    [-70_000, /teacher features of broken 0….*at most 65504, got -70000\. They are stored in float16: use --variants 0/],
  ] as const) {
    const make = async (from: number, to: number) => [new Float32Array(3 * (to - from)).fill(value)]
    await t.throwsAsync(
      writeShards(broken, make, () => {}),
      { instanceOf: UserError, message },
    )
  }
})
