import { join } from 'node:path'
import test from 'ava'
import { blockIds, packBlock } from '../../../search/index/block.ts'
import { putBlock } from '../../../search/index/blocks.ts'
import { openDatabase } from '../../../search/index/database.ts'
import { searchIndex } from '../../../search/index/lookup.ts'
import { putFile, schema } from '../../../search/index/store.ts'
import { updateIndex } from '../../../search/index/update.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { throwsUserError } from '../../user-error.ts'
import { smallFolder } from './pictures.ts'

/** Runs SQL on an index; returns the numbers of the first column. */
async function sql(file: string, ...statements: string[]): Promise<number[]> {
  const db = await openDatabase(file)
  try {
    return statements
      .map((statement) => db.all(statement))
      .at(-1)!
      .map((row) => Number(Object.values(row)[0]))
  } finally {
    db.close()
  }
}

test('a block goes with whatever changes in it, and another one stays', async (t) => {
  const file = join(await temporaryFolder(t), 'pictures.index')
  const db = await openDatabase(file, schema)
  t.teardown(() => db.close())
  const put = (path: string) => putFile(db, { path, size: 1, mtime: '1' }, '', { vector: Float32Array.of(1, 0) })
  db.transaction(() => {
    for (let i = 1; i <= 1030; i++) put(`${i}`)
  })
  const left = (change: () => void) => {
    for (const number of [0, 1]) db.run('INSERT OR REPLACE INTO blocks (number, rows, sum, bytes) VALUES (?, 0, 0, zeroblob(0))', [number])
    change()
    return db.all('SELECT number FROM blocks ORDER BY number').map(({ number }) => number)
  }
  t.deepEqual(
    left(() => put('new')),
    [0],
  )
  t.deepEqual(
    left(() => db.run("DELETE FROM images WHERE path = '1023'")),
    [1],
  )
  t.deepEqual(
    left(() => db.run('UPDATE images SET vector = zeroblob(8) WHERE id = 1024')),
    [0],
  )
  t.deepEqual(
    left(() => put('7')),
    [],
    'a changed picture goes from its place and comes to a new one',
  )
  t.deepEqual(
    left(() => db.run('UPDATE images SET mtime = 2')),
    [0, 1],
  )
})

test('an index of before blocks is brought up to date with its embeddings, and refused until then', async (t) => {
  const { model, images, out } = await smallFolder(t, 6)
  await updateIndex({ model, images, out })
  const ask = { model, index: out, query: 'sun', top: 6 }
  const { hits } = await searchIndex(ask)
  const gone = ['TRIGGER image_comes', 'TRIGGER image_goes', 'TRIGGER image_changes', 'TABLE blocks', 'INDEX images_with_fault']
  // The model would make other embeddings than these.
  const other = "UPDATE images SET vector = (SELECT vector FROM images WHERE path = '0000.svg')"
  await sql(out, ...gone.map((name) => `DROP ${name}`), other, 'PRAGMA user_version = 1')
  const old = { where: out, expected: 'a search index of version 2', got: 'version 1', hint: /--out.*docs\/migration\.md/ }
  t.is((await throwsUserError(t, () => searchIndex(ask), old)).exitCode, 2)
  t.like(await updateIndex({ model, images, out }), { images: 6, added: 0, changed: 0, unchanged: 6 })
  t.deepEqual(await sql(out, 'SELECT rows FROM blocks'), [6])
  const { hits: after } = await searchIndex(ask)
  t.is(new Set(after.map(({ score }) => score)).size, 1)
  t.is(after.length, hits.length)

  await sql(out, 'PRAGMA user_version = 3')
  const later = { got: 'version 3', hint: /A later version/ }
  await throwsUserError(t, () => searchIndex(ask), later)
  await throwsUserError(t, () => updateIndex({ model, images, out }), later)
})

test('a block that is damaged, cut or in the place of another one is refused', async (t) => {
  const { model, images, out } = await smallFolder(t, 6)
  await updateIndex({ model, images, out })
  const search = () => searchIndex({ model, index: out, query: 'sun', top: 3 })
  const whole = 'UPDATE blocks SET bytes = (SELECT bytes FROM copy), number = 0'
  await sql(out, 'CREATE TABLE copy AS SELECT bytes FROM blocks')
  const changes = {
    'another checksum': ['UPDATE blocks SET bytes = CAST(zeroblob(4) || substr(bytes, 5) AS BLOB)', 'UPDATE blocks SET sum = sum + 1'],
    'another length': ['UPDATE blocks SET bytes = substr(bytes, 2)', 'UPDATE blocks SET rows = 5', "UPDATE blocks SET bytes = 'text'"],
  }
  const [sum] = await sql(out, 'SELECT sum FROM blocks')
  for (const [got, statements] of Object.entries(changes)) {
    for (const statement of statements) {
      await sql(out, statement)
      await throwsUserError(t, search, { where: `${out}: block 0`, got })
      await sql(out, whole, `UPDATE blocks SET sum = ${sum}, rows = 6`)
      t.is((await search()).hits.length, 3)
    }
  }
  await sql(out, 'UPDATE blocks SET number = 1', 'UPDATE images SET id = id + 1024', 'UPDATE blocks SET number = 1')
  t.deepEqual(await sql(out, 'SELECT count(*) FROM blocks'), [0], 'nothing is left of a block whose images have other ids')
  await sql(out, `INSERT INTO blocks SELECT 1, 6, ${sum}, bytes FROM copy`)
  await throwsUserError(t, search, { where: `${out}: block 1`, got: 'another checksum' })
})

test('memory does not grow with the blocks that are stored', async (t) => {
  const db = await openDatabase(join(await temporaryFolder(t), 'pictures.index'), schema)
  t.teardown(() => db.close())
  const dim = 1024
  const block = packBlock(
    0,
    Array.from({ length: blockIds }, (_, id) => id),
    new Float32Array(blockIds * dim),
    dim,
  )
  const store = (count: number) => db.transaction(() => Array.from({ length: count }, () => putBlock(db, block)))
  store(5)
  const before = process.memoryUsage.rss()
  store(150)
  const grown = (process.memoryUsage.rss() - before) / 1e6
  t.true(grown < 80, `${grown.toFixed(0)} MB for 150 blocks of 1 MB`)
})
