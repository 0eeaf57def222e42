import { readdir } from 'node:fs/promises'
import test from 'ava'
import { benchSearchBlocks, searchBlocksFlags } from '../../bench/search-blocks.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'

test('generated vectors are searched in blocks as a plain search finds them, and the file is deleted', async (t) => {
  const dir = await temporaryFolder(t)
  const rows = await benchSearchBlocks({ ...searchBlocksFlags, vectors: 3000, dim: 24, queries: 4, checked: 4, dir })
  t.is(rows.search!.values.length, 4)
  t.true(rows.peak!.values[0]! > 0 && rows.file!.values[0]! > (3000 * 34) / 1e6)
  t.deepEqual(await readdir(dir), [])
})

test('numbers that are too small, and more vectors than the disk has room for, are refused', async (t) => {
  const dir = await temporaryFolder(t)
  for (const [flags, where] of [
    [{ vectors: 0 }, '--vectors'],
    [{ queries: 2 }, '--checked'],
    [{ vectors: 1e15 }, dir],
  ] as const) {
    await throwsUserError(t, () => benchSearchBlocks({ ...searchBlocksFlags, dir, ...flags }), { where })
  }
})
