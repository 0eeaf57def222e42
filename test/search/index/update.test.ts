import { copyFile, mkdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { listImages } from '../../../corpora/image-files.ts'
import { openDatabase } from '../../../search/index/database.ts'
import { searchIndex } from '../../../search/index/lookup.ts'
import { updateIndex } from '../../../search/index/update.ts'
import { searchImages } from '../../../search/search-folder.ts'
import { throwsUserError } from '../../user-error.ts'
import { smallFolder } from './pictures.ts'

/** Path → embedding, as the file holds them. */
async function contents(file: string): Promise<Record<string, string>> {
  const db = await openDatabase(file)
  const rows = db.all('SELECT path, vector FROM images ORDER BY path')
  db.close()
  return Object.fromEntries(rows.map(({ path, vector }) => [path, vector instanceof ArrayBuffer ? Buffer.from(vector).toString('hex') : 'none']))
}

test('an index follows its folder: new, changed, touched, moved and deleted files', async (t) => {
  const { dir, names, model, images, out } = await smallFolder(t, 20)
  await writeFile(join(images, 'broken.png'), 'no image')
  const request = { model, images, out }
  const first = await updateIndex(request)
  t.like(first, { images: 20, added: 21, changed: 0, deleted: 0, unchanged: 0 })
  t.deepEqual(
    first.skipped.map(({ path }) => path),
    [join(images, 'broken.png')],
  )
  t.regex(first.skipped[0]!.reason, /8 bytes that fail with/)
  t.like(await updateIndex(request), { images: 20, added: 0, changed: 0, deleted: 0, unchanged: 21 })

  const at = (i: number) => join(images, names[i]!)
  await copyFile(at(0), at(1)) // changed
  await writeFile(at(2), await readFile(at(2))) // touched: same bytes, another time
  await utimes(at(2), new Date(), new Date(Date.now() + 5000))
  await rename(at(3), join(images, 'moved.svg')) // one new, one gone
  await rm(at(4))
  await rm(join(images, 'broken.png'))
  await copyFile(at(5), join(images, 'copy.svg')) // new
  t.like(await updateIndex(request), { images: 20, added: 2, changed: 1, deleted: 3, unchanged: 17 })
  t.like(await updateIndex(request), { added: 0, changed: 0, deleted: 0, unchanged: 20 })

  const fresh = join(dir, 'fresh.index')
  await updateIndex({ ...request, out: fresh })
  const found = await contents(out)
  t.deepEqual(found, await contents(fresh), 'as if indexed from the start, to the bit')
  t.is(found[names[0]!], found[names[1]!])
  t.is(found['copy.svg'], found[names[5]!])
})

test('what was moved or copied is not embedded again', async (t) => {
  const { names, model, images, out } = await smallFolder(t, 6)
  await updateIndex({ model, images, out })
  // The model would make other vectors than these.
  const db = await openDatabase(out)
  db.run('UPDATE images SET vector = zeroblob(length(vector))')
  db.close()
  await rename(join(images, 'more'), join(images, 'renamed'))
  for (const copy of ['a.svg', 'b.svg']) await copyFile(join(images, names[0]!), join(images, copy))
  t.like(await updateIndex({ model, images, out }), { images: 8, added: 5, deleted: 3 })
  const found = await contents(out)
  t.is(Object.keys(found).length, 8)
  for (const [path, vector] of Object.entries(found)) t.regex(vector, /^0+$/, path)
})

test('two ways to a picture are no two pictures, and a ring of links is no endless folder', async (t) => {
  const { dir, names, model, images, out } = await smallFolder(t, 4)
  await symlink(images, join(images, 'a-ring'))
  await symlink(join(images, 'more'), join(images, 'b-again'))
  await mkdir(join(images, 'inner'))
  await symlink(join(images, 'more'), join(images, 'inner', 'before-the-real-one'))
  await symlink(join(images, names[0]!), join(images, 'file-link.svg'))
  await mkdir(join(dir, 'elsewhere'))
  await copyFile(join(images, names[0]!), join(dir, 'elsewhere', 'far.svg'))
  await symlink(join(dir, 'elsewhere'), join(images, 'c-linked'))
  t.deepEqual(
    (await listImages(images)).paths.map((path) => path.slice(images.length + 1)),
    [...names, 'c-linked/far.svg', 'file-link.svg'].toSorted(),
  )
  t.like(await updateIndex({ model, images, out }), { images: 6, added: 6, skipped: [] })
})

test('a file that changes without changing its size is embedded again, and only that one', async (t) => {
  const { names, model, images, out } = await smallFolder(t, 3)
  await updateIndex({ model, images, out })
  const before = await contents(out)
  const file = join(images, names[0]!)
  const text = await readFile(file, 'utf8')
  const changed = text.replace(/#[0-9a-f]{6}|#[0-9a-f]{3}/i, (colour) => `#${'8'.repeat(colour.length - 1)}`)
  t.is(changed.length, text.length)
  t.not(changed, text)
  await writeFile(file, changed)
  t.like(await updateIndex({ model, images, out }), { changed: 1, unchanged: 2 })
  const after = await contents(out)
  t.not(after[names[0]!], before[names[0]!])
  t.is(after[names[1]!], before[names[1]!])
})

test('search by an index finds what search by the folder finds', async (t) => {
  const { names, model, images, out } = await smallFolder(t, 60)
  await copyFile(join(images, names[7]!), join(images, 'a twin.svg')) // equal scores: in order of path
  await updateIndex({ model, images, out })
  for (const query of ['a red apple', '两只黑猫', 'sun']) {
    const byFolder = await searchImages({ model, images, query, top: 61 })
    const byIndex = await searchIndex({ model, index: out, query, top: 61 })
    t.is(byIndex.images, 61)
    t.is(byIndex.recall, undefined)
    const expected = new Map(byFolder.hits.map(({ path, score }) => [path, score]))
    byIndex.hits.forEach(({ rank, path, score }, i) => {
      t.is(rank, i + 1)
      t.true(Math.abs(score - expected.get(path)!) < 1e-5, path) // the folder's are embedded in batches
      t.true(Math.abs(score - byFolder.hits[i]!.score) < 1e-5, `rank ${rank}`)
    })
    const twins = byIndex.hits.filter(({ path }) => path.endsWith('a twin.svg') || path.endsWith(names[7]!))
    t.is(twins[0]!.score, twins[1]!.score)
    t.deepEqual(
      twins.map(({ rank }) => rank),
      [twins[0]!.rank, twins[0]!.rank + 1],
    )
    t.deepEqual((await searchIndex({ model, index: out, query, top: 5 })).hits, byIndex.hits.slice(0, 5))
  }
  const like = join(images, names[7]!)
  for (const { query, hits, minScore } of [
    await searchImages({ model, images, like, top: 3 }),
    await searchIndex({ model, index: out, like, top: 3 }),
  ]) {
    t.is(query, like)
    t.is(minScore, undefined, 'no score was chosen for pictures beside pictures')
    t.deepEqual(
      hits
        .slice(0, 2)
        .map(({ path }) => path)
        .sort(),
      [join(images, 'a twin.svg'), like].sort(),
    )
    t.true(Math.abs(hits[0]!.score - 1) < 1e-5 && hits[2]!.score < hits[1]!.score)
  }
  const ask = { model, index: out, top: 3 }
  await throwsUserError(t, () => searchIndex({ ...ask, like, query: 'sun' }), { where: `--like ${like}`, got: 'sun' })
  await throwsUserError(t, () => searchIndex(ask), { expected: 'words to look for', got: 'none' })
  await throwsUserError(t, () => searchIndex({ ...ask, like: out }), { where: `--like ${out}`, expected: 'a picture that can be read' })
  await throwsUserError(t, () => searchIndex({ ...ask, like: join(images, 'gone.png') }), { expected: 'a picture that can be read' })
  await rm(join(images, names[0]!))
  const { skipped } = await searchIndex({ model, index: out, query: 'sun', top: 61 })
  t.deepEqual(skipped, [{ path: join(images, names[0]!), reason: 'no longer there: run index again' }])
})
