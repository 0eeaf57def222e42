import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { requireSpace } from '../../base/free-space.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'

test('what a disk has no room for is refused, and nothing is written', async (t) => {
  const parent = await temporaryFolder(t)
  const asked = { what: 'the export', hint: 'Free some space.' }
  await throwsUserError(t, () => requireSpace(join(parent, 'not', 'yet'), Number.MAX_SAFE_INTEGER, asked), {
    where: /not\/yet/,
    expected: /about 9007199254\.7 MB of free space for the export/,
    got: /\d+\.\d+ MB/,
  })
  await t.notThrowsAsync(requireSpace(join(parent, 'not', 'yet'), 1, asked))
  t.deepEqual(await readdir(parent), [])
})
