import { existsSync } from 'node:fs'
import { copyFile, mkdir, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import Libsql from 'libsql'
import { UserError } from '../../../base/errors.ts'
import { exportFolder } from '../../../export/package.ts'
import { createDualEncoder } from '../../../models/dual-encoder.ts'
import { readModelFolder, writeModelFolder } from '../../../models/folder.ts'
import { searchIndex } from '../../../search/index/lookup.ts'
import { updateIndex } from '../../../search/index/update.ts'
import { type Expected, throwsUserError } from '../../user-error.ts'
import { smallFolder } from './pictures.ts'

test('text that is not UTF-8 is refused: libsql would end the process', async (t) => {
  const { model, images, out } = await smallFolder(t, 4)
  await updateIndex({ model, images, out })
  const bytes = await readFile(out)
  for (const text of ['more/0001.svg', '"folder":"images"']) {
    const damaged = Buffer.from(bytes)
    for (let at = damaged.indexOf(text); at >= 0; at = damaged.indexOf(text, at + 1)) damaged[at + 3] = 0xff
    await writeFile(out, damaged)
    const error = { where: out, expected: 'an intact search index', got: /not UTF-8/ }
    await throwsUserError(t, () => searchIndex({ model, index: out, query: 'sun', top: 3 }), error)
    await throwsUserError(t, () => updateIndex({ model, images, out }), { ...error, got: /./ })
  }
})

test('what cannot be an index is refused with the reason', async (t) => {
  const { dir, model, images, out } = await smallFolder(t, 40)
  await updateIndex({ model, images, out })
  const bad = (name: string) => join(dir, name)
  await writeFile(bad('text'), 'no database, but long enough to be looked at '.repeat(100))
  await writeFile(bad('empty'), '')
  await copyFile(out, bad('cut'))
  await truncate(bad('cut'), 20_000)
  await copyFile(out, bad('overwritten'))
  const file = await open(bad('overwritten'), 'r+')
  await file.write(Buffer.alloc(12_000, 0xab), 0, 12_000, 4096)
  await file.close()
  const foreign = new Libsql(bad('foreign'))
  foreign.exec('CREATE TABLE notes (text)')
  foreign.close()

  const search = (index: string) => searchIndex({ model, index, query: 'sun', top: 3 })
  const refused = async (body: Promise<unknown>, expected: Expected) => {
    const { exitCode } = await throwsUserError(t, () => body, expected)
    t.is(exitCode, 2)
  }
  await refused(search(bad('nowhere')), { where: /nowhere/, got: /no such file/ })
  await refused(search(bad('text')), { where: /text/, got: /file is not a database/ })
  await refused(search(bad('empty')), { where: /empty/, got: /an empty file/ })
  await refused(search(bad('cut')), { where: /cut/, got: /database disk image is malformed/ })
  await refused(search(bad('overwritten')), { where: /overwritten/, expected: /an intact search index/ })
  await refused(search(bad('foreign')), { where: /foreign/, got: /a database of another program/ })
  await refused(updateIndex({ model, images, out: bad('cut') }), { where: /cut/, expected: /an intact search index/ })
  await refused(updateIndex({ model, images, out: bad('foreign') }), { got: /a database of another program/ })
  await refused(updateIndex({ model, images, out: join(bad('text'), 'x.index') }), { expected: /a file in a folder/ })
  const force = (name: string) => updateIndex({ model, images, out: name, force: true })
  await refused(force(bad('text')), { where: /text/, got: /a file of another kind/ })
  await refused(force(bad('foreign')), { got: /a file of another kind/ })
  await refused(force(images), { expected: /a search index/, got: /^EISDIR/ })
  t.true((await stat(bad('text'))).size > 0)
  await t.throwsAsync(updateIndex({ model: images, images, out, force: true }), { instanceOf: UserError })
  t.is((await search(out)).images, 40, 'no index is given up for a model that cannot make another')
  for (const name of ['empty', 'cut', 'overwritten']) t.is((await force(bad(name))).images, 40, name)
  await refused(searchIndex({ model, index: out, query: ' ', top: 3 }), { expected: /words to look for/ })

  const measured = { expected: /--measure/, got: 'an exact one' }
  for (const request of [{ out }, { out, force: true }, { out: bad('new') }]) {
    await refused(updateIndex({ model, images, measure: true, ...request }), measured)
  }
  t.false(existsSync(bad('new')))
  t.is((await search(out)).images, 40)
})

test('an index of another model, number format or folder is refused unless --force', async (t) => {
  const { dir, model, images, out } = await smallFolder(t, 4)
  const exported = join(dir, 'export')
  const { tokenizer, ...own } = await readModelFolder(model)
  await exportFolder(own, { tokenizerDir: model, out: exported, dtypes: ['fp32', 'q8'], threads: 1, leaveOut: ['combined', 'safetensors'] })
  await writeModelFolder(join(dir, 'other'), createDualEncoder(own.config, 2), model)
  await updateIndex({ model: exported, images, out, dtype: 'q8' })

  const indexed = /export \(q8, [0-9a-f]{12}\)$/
  for (const [request, got] of [
    [{ model: join(dir, 'other') }, /^other \(fp32, [0-9a-f]{12}\)$/],
    [{ model: exported, dtype: 'fp32' as const }, /^export \(fp32, [0-9a-f]{12}\)$/],
  ] as const) {
    for (const call of [updateIndex({ ...request, images, out }), searchIndex({ ...request, index: out, query: 'sun', top: 1 })]) {
      await throwsUserError(t, () => call, { expected: indexed, got })
    }
  }
  // Without --dtype the index's own format is taken.
  t.is((await searchIndex({ model: exported, index: out, query: 'sun', top: 4 })).hits.length, 4)
  t.like(await updateIndex({ model: exported, images, out }), { dtype: 'q8', unchanged: 4 })

  await mkdir(join(dir, 'elsewhere'))
  await copyFile(join(images, '0000.svg'), join(dir, 'elsewhere', 'a.svg'))
  const elsewhere = { model: exported, images: join(dir, 'elsewhere'), out }
  await throwsUserError(t, () => updateIndex(elsewhere), { expected: /the folder that the index is of, .*images/, got: /.*elsewhere/ })
  t.like(await updateIndex({ ...elsewhere, force: true }), { images: 1, added: 1, dtype: 'fp32' })

  await rm(join(dir, 'elsewhere', 'a.svg'))
  await throwsUserError(t, () => updateIndex(elsewhere), { expected: /a folder with images/ })
})
