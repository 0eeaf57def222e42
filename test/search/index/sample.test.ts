import { join } from 'node:path'
import test from 'ava'
import { openDatabase } from '../../../search/index/database.ts'
import { putFile, removeFile, sampleVectors, schema } from '../../../search/index/store.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

test('a sample of an index lies at even distances, and steps over pictures without an embedding and over gaps', async (t) => {
  const db = await openDatabase(join(await temporaryFolder(t), 'pictures.index'), schema)
  t.teardown(() => db.close())
  for (let id = 1; id <= 12; id++) {
    const embedded = id === 5 ? { fault: 'broken' } : { vector: Float32Array.of(id, 0) }
    putFile(db, { path: `${id}.png`, size: 1, mtime: '1' }, `${id}`, embedded)
  }
  const ids = (count: number) => Array.from(sampleVectors(db, 2, count)).filter((_, i) => i % 2 === 0)
  t.deepEqual(ids(3), [1, 6, 9], '1, 5 and 9 are asked for; 5 has none')
  t.deepEqual(ids(100), [1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12])
  for (const id of [7, 8, 9, 10, 11]) removeFile(db, `${id}.png`)
  t.deepEqual(ids(3), [1, 6, 12])
  removeFile(db, '12.png')
  t.deepEqual(ids(3), [1, 3, 6])
})
