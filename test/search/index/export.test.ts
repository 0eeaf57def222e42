import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { openDatabase } from '../../../search/index/database.ts'
import { exportIndex } from '../../../search/index/export.ts'
import { putFile, schema } from '../../../search/index/store.ts'
import { updateIndex } from '../../../search/index/update.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { throwsUserError } from '../../user-error.ts'
import { smallFolder } from './pictures.ts'

interface Written {
  id: number
  path: string
  vector: number[]
}

async function readLance(file: string): Promise<Written[]> {
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(file) })
  return rows.map(({ id, path, vector }) => ({ id: Number(id), path, vector: Array.from(vector) }))
}

async function readQdrant(file: string): Promise<Written[]> {
  const points = (await readFile(file, 'utf8')).trimEnd().split('\n')
  return points.map((line) => JSON.parse(line)).map(({ id, vector, payload }) => ({ id, path: payload.path, vector }))
}

test('index --export writes what lies in the index: ids, paths and embeddings to the bit', async (t) => {
  const { model, images, out } = await smallFolder(t, 20)
  await writeFile(join(images, 'broken.png'), 'no image')
  t.is((await updateIndex({ model, images, out })).exported, undefined)
  for (const [format, ending, read] of [
    ['lance', '.parquet', readLance],
    ['qdrant', '.jsonl', readQdrant],
  ] as const) {
    const { exported } = await updateIndex({ model, images, out, export: format, force: true })
    t.is(exported, out + ending)
    const db = await openDatabase(out)
    const rows = db.all('SELECT id, path, vector FROM images WHERE vector IS NOT NULL ORDER BY path')
    db.close()
    const written = await read(exported!)
    t.is(written.length, 20)
    t.deepEqual(
      written.map(({ id, path, vector }) => ({ id, path, vector: Buffer.from(Float32Array.from(vector).buffer).toString('hex') })),
      rows.map(({ id, path, vector }) => ({ id, path, vector: Buffer.from(vector as ArrayBuffer).toString('hex') })),
    )
  }
})

test('more images than are written at a time come in order of path, and what fails leaves the file that was there', async (t) => {
  const dir = await temporaryFolder(t)
  const out = join(dir, 'pictures.index')
  const about = {
    ...{ folder: 'images', model: 'm', hash: 'h', dtype: 'fp32', preprocessing: 'p' },
    ...{ imageSize: 8, embedDim: 3, graph: 'none' },
  }
  const db = await openDatabase(out, schema)
  db.transaction(() => {
    db.run('INSERT INTO about (id, json) VALUES (1, ?)', [JSON.stringify(about)])
    for (let i = 0; i < 2500; i++) putFile(db, { path: `${9999 - i}.png`, size: 1, mtime: '1' }, '', { vector: Float32Array.of(i, 0.1, -1e-9) })
  })
  for (const [format, read] of [
    ['lance', readLance],
    ['qdrant', readQdrant],
  ] as const) {
    const written = await read(await exportIndex(out, format))
    t.deepEqual(
      written.map(({ path }) => path),
      Array.from({ length: 2500 }, (_, i) => `${7500 + i}.png`),
    )
    t.true(written.every(({ id, vector }) => id === vector[0]! + 1 && Math.fround(vector[1]!) === Math.fround(0.1)))
  }
  const before = await readdir(dir)
  const whole = await readFile(`${out}.jsonl`)
  db.run('UPDATE images SET vector = zeroblob(8) WHERE id = 1') // the last one to be written
  db.close()
  for (const format of ['lance', 'qdrant'] as const) {
    await throwsUserError(t, () => exportIndex(out, format), { where: `${out}: 9999.png`, got: '8 bytes' })
  }
  t.deepEqual(await readdir(dir), before)
  t.deepEqual(await readFile(`${out}.jsonl`), whole)
})

test('a place that cannot be written to is an error, and the index stays right', async (t) => {
  const { dir, model, images, out } = await smallFolder(t, 3)
  await mkdir(join(`${out}.parquet`, 'in the way'), { recursive: true })
  const files = await readdir(dir)
  const error = await t.throwsAsync(updateIndex({ model, images, out, export: 'lance' }))
  t.regex((error as NodeJS.ErrnoException).code!, /EISDIR|ENOTEMPTY|EEXIST/)
  t.deepEqual(await readdir(dir), [...files, 'search.index'].toSorted(), 'nothing half-written is left')
  await rm(`${out}.parquet`, { recursive: true })
  t.like(await updateIndex({ model, images, out, export: 'lance' }), { images: 3, unchanged: 3, exported: `${out}.parquet` })
})
