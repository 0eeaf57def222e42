import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import Libsql from 'libsql'
import { openDatabase } from '../../../search/index/database.ts'
import { searchIndex } from '../../../search/index/lookup.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { writeDrawings } from './pictures.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const model = join(root, 'models/teachers/bridged')
const count = 136

function start(images: string, out: string): ChildProcess {
  const args = ['bin/distilingual.mjs', 'index', '--model', model, '--images', images, '--out', out, '--approximate']
  return spawn(process.execPath, args, { cwd: root, stdio: 'ignore' })
}

/** Rows of a table that another process is writing; 0 while there is none. */
function rows(file: string, table: string): number {
  if (!existsSync(file)) return 0
  const db = new Libsql(file)
  try {
    return Number((db.prepare(`SELECT count(*) AS n FROM ${table}`).all([])[0] as { n: number }).n)
  } catch {
    return 0 // no such table yet, or locked
  } finally {
    db.close()
  }
}

test('an index killed while it is made is right as far as it goes, and the next call goes on', async (t) => {
  t.timeout(900_000)
  const dir = await temporaryFolder(t)
  const images = join(dir, 'images')
  await writeDrawings(images, count)
  const whole = join(dir, 'whole.index')
  const [undisturbed] = await once(start(images, whole), 'exit')
  t.is(undisturbed, 0)

  const out = join(dir, 'killed.index')
  for (const table of ['images', 'graph']) {
    const child = start(images, out)
    const exit = once(child, 'exit')
    while (rows(out, table) === 0 && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 2))
    child.kill('SIGKILL')
    t.deepEqual(await exit, [null, 'SIGKILL'], table)
    const found = rows(out, table)
    t.true(found > 0 && found < count && found % 64 === 0, `${found} rows in ${table}`)
    const db = await openDatabase(out)
    t.deepEqual(Object.values(db.all('PRAGMA integrity_check')[0]!)[0], 'ok')
    db.close()
    const { hits, recall } = await searchIndex({ model, index: out, query: '红苹果', top: count })
    t.is(recall, undefined, 'a graph that lacks images is not searched')
    t.is(hits.length, table === 'images' ? found : count)
  }
  const [code] = await once(start(images, out), 'exit')
  t.is(code, 0)

  const read = async (file: string) => {
    const db = await openDatabase(file)
    const list = db
      .all('SELECT path, vector FROM images ORDER BY path')
      .map(({ path, vector }) => [path, Buffer.from(vector as ArrayBuffer).toString('hex')])
    db.close()
    return list
  }
  t.deepEqual(await read(out), await read(whole))
  t.is(rows(out, 'graph'), count)
  const { hits, recall } = await searchIndex({ model, index: out, query: '红苹果', top: 10 })
  t.true(recall!.words > 0.9)
  t.is(hits.length, 10)
})
