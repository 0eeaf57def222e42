import { lstat, mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import test from 'ava'
import { replaceFolder } from '../../base/replace-folder.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'

const own = { what: 'site', isOwn: (file: string) => file === 'index.html' || file.startsWith('data/'), hint: 'Name another.' }

async function write(dir: string, files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true })
    await writeFile(join(dir, name), text)
  }
}

async function read(dir: string): Promise<Record<string, string>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Object.fromEntries(await Promise.all(files.map(async (file) => [file.slice(dir.length + 1), await readFile(file, 'utf8')])))
}

test('what is not its own moves along, empty folders too; what is its own goes', async (t) => {
  const parent = await temporaryFolder(t)
  const out = join(parent, 'out')
  await write(out, { 'index.html': 'old', 'data/old.bin': 'old', CNAME: 'mine', '.git/HEAD': 'main' })
  await mkdir(join(out, '.git/refs'))
  const fill = (dir: string) => write(dir, { 'index.html': 'new', 'data/new.bin': 'new' })
  await throwsUserError(t, () => replaceFolder(out, own, fill), { expected: /an earlier site/, got: /a folder with \.git\/HEAD, CNAME/ })
  await replaceFolder(out, { ...own, force: true }, fill)
  t.deepEqual(await read(out), { '.git/HEAD': 'main', CNAME: 'mine', 'index.html': 'new', 'data/new.bin': 'new' })
  t.deepEqual(await readdir(join(out, '.git')), ['HEAD', 'refs'])
  t.deepEqual(await readdir(parent), ['out'])
})

test('a folder is the same however its path is written', async (t) => {
  const parent = await temporaryFolder(t)
  const out = join(parent, 'out')
  for (const written of [out, `${out}/`, relative('.', out), `./${relative('.', out)}/`]) {
    await replaceFolder(written, own, (dir) => write(dir, { 'index.html': written, 'data/a.bin': 'a' }))
    t.is((await read(out))['index.html'], written)
  }
})

test('a link to a folder stays one, and what is not its own stays there', async (t) => {
  const parent = await temporaryFolder(t)
  const [real, link] = [join(parent, 'real'), join(parent, 'link')]
  await write(real, { 'index.html': 'old', CNAME: 'mine' })
  await symlink(real, link)
  await replaceFolder(link, { ...own, force: true }, (dir) => write(dir, { 'index.html': 'new' }))
  t.deepEqual(await read(real), { 'index.html': 'new', CNAME: 'mine' })
  t.true((await lstat(link)).isSymbolicLink())
})

test('a swap that was killed is finished, or taken back, by the next one', async (t) => {
  const parent = await temporaryFolder(t)
  const out = join(parent, 'out')
  const force = { ...own, force: true }
  await write(`${out}.replaced`, { 'index.html': 'old', notes: 'mine' }) // killed between its two renames
  await t.throwsAsync(
    replaceFolder(out, force, async () => {
      throw new Error('broken')
    }),
    { message: 'broken' },
  )
  t.deepEqual(await read(out), { 'index.html': 'old', notes: 'mine' })
  await rename(out, `${out}.replaced`)
  await write(out, { 'index.html': 'new' }) // killed after them
  await replaceFolder(out, force, (dir) => write(dir, { 'index.html': 'newest' }))
  t.deepEqual(await read(out), { 'index.html': 'newest', notes: 'mine' })
  t.deepEqual(await readdir(parent), ['out'])
})

test('of two processes that write one folder the second is refused', async (t) => {
  const out = join(await temporaryFolder(t), 'out')
  await replaceFolder(out, own, async (dir) => {
    await throwsUserError(t, () => replaceFolder(out, { ...own, force: true }, async () => t.fail()), { expected: /one process at a time/ })
    await write(dir, { 'index.html': 'first' })
  })
  t.deepEqual(await read(out), { 'index.html': 'first' })
  t.deepEqual(await readdir(dirname(out)), ['out'], 'no lock is left')
})
