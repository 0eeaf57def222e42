import { copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { openModel } from '../../../models/open-model.ts'
import { openDatabase } from '../../../search/index/database.ts'
import { searchIndex } from '../../../search/index/lookup.ts'
import { measureRecall } from '../../../search/index/recall.ts'
import { updateIndex } from '../../../search/index/update.ts'
import { smallFolder } from './pictures.ts'

test('an approximate index tells its recall, follows its folder, and can be searched exactly', async (t) => {
  const { names, model, images, out } = await smallFolder(t, 150)
  const request = { model, images, out }
  t.is((await updateIndex(request)).recall, undefined)
  const { recall } = await updateIndex({ ...request, approximate: true })
  t.is(recall!.queries, 200)
  t.true(recall!.pictures > 0.9 && recall!.pictures <= 1, `${recall!.pictures}`)
  t.true(recall!.words > 0.9 && recall!.words <= 1, `${recall!.words}`)

  const ask = { model, index: out, query: 'a red apple', top: 10 }
  const found = await searchIndex(ask)
  const exact = await searchIndex({ ...ask, exact: true })
  t.deepEqual([found.recall, exact.recall], [recall, undefined])
  const scores = new Map((await searchIndex({ ...ask, top: 150, exact: true })).hits.map(({ path, score }) => [path, score]))
  for (const { path, score } of found.hits) t.is(score, scores.get(path)!, 'the score of a hit is exact')
  t.true(found.hits.filter(({ path }) => exact.hits.some((hit) => hit.path === path)).length >= 8)

  const many = await searchIndex({ ...ask, top: 120 })
  t.deepEqual([many.hits.length, many.recall], [120, undefined], 'more than the graph looks at: every image is scored')

  // The best hit goes, a copy of the second comes under a name that the graph has never seen.
  const [best, second] = [exact.hits[0]!, exact.hits[1]!]
  await rm(best.path)
  await copyFile(second.path, join(images, 'copy.svg'))
  t.like(await updateIndex(request), { added: 1, deleted: 1, unchanged: 149 })
  const paths = (await searchIndex(ask)).hits.map(({ path }) => path)
  t.false(paths.includes(best.path))
  t.deepEqual(paths.slice(0, 2).toSorted(), [second.path, join(images, 'copy.svg')].toSorted())
  t.is(await rows(out, 'SELECT count(*) AS n FROM graph'), names.length)

  t.is((await updateIndex({ ...request, approximate: false })).recall, undefined)
  t.is(await rows(out, "SELECT count(*) AS n FROM sqlite_master WHERE name LIKE '%graph%'"), 0)
  t.is((await searchIndex(ask)).recall, undefined)
})

test('recall falls when the graph lacks images, by as much as it lacks', async (t) => {
  const { model, images, out } = await smallFolder(t, 120)
  const whole = (await updateIndex({ model, images, out, approximate: true })).recall!
  const db = await openDatabase(out)
  const encoder = await openModel(model)
  t.teardown(() => encoder.release())
  t.teardown(() => db.close())
  db.run('DELETE FROM graph WHERE id % 2 = 0')
  const half = await measureRecall(db, encoder)
  t.true(whole.pictures > 0.9 && whole.words > 0.9)
  for (const value of [half.pictures, half.words]) t.true(value > 0.3 && value < 0.7, `${value}`)
})

async function rows(file: string, sql: string): Promise<number> {
  const db = await openDatabase(file)
  const [row] = db.all(sql)
  db.close()
  return Number(row!.n)
}
