import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { type DiskCall, openToWrite, watchDisk, writeFileAtomic, writeFilesAtomic } from '../../base/disk.ts'
import { recoverFolder } from '../../base/replace-folder.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const failing = (code: string) => Object.assign(new Error(`${code}: made up`), { code })

test.serial('whichever call fails, the old file is whole, no other is left, and the error names the path', async (t) => {
  const dir = await temporaryFolder(t)
  const file = join(dir, 'report.json')
  const calls: DiskCall[] = []
  const end = watchDisk((call) => void calls.push(call))
  await writeFileAtomic(file, 'old')
  end()
  t.deepEqual(
    calls.map(({ name }) => name),
    ['open', 'write', 'sync', 'rename'],
  )
  for (const n of calls.keys()) {
    let call = 0
    const end = watchDisk(() => {
      if (call++ === n) throw failing('ENOSPC')
    })
    const error = await t.throwsAsync(writeFileAtomic(file, 'new'), { code: 'ENOSPC' })
    end()
    t.regex(String((error as NodeJS.ErrnoException).path), /report\.json/)
    t.is(await readFile(file, 'utf8'), 'old')
    t.deepEqual(await readdir(dir), ['report.json'], calls[n]!.name)
  }
})

test.serial('files that belong together: none is new where one cannot be written', async (t) => {
  const dir = await temporaryFolder(t)
  const files = ['report.md', 'report.json'].map((name) => [join(dir, name), 'old'] as const)
  await writeFilesAtomic(files)
  for (let n = 0; n < 8; n++) {
    let call = 0
    const end = watchDisk(() => {
      if (call++ === n) throw failing('EIO')
    })
    await t.throwsAsync(writeFilesAtomic(files.map(([file]) => [file, 'new'] as const)), { code: 'EIO' })
    end()
    for (const [file] of files) t.is(await readFile(file, 'utf8'), 'old')
    t.deepEqual((await readdir(dir)).sort(), ['report.json', 'report.md'])
  }
})

test('a link stays a link, and a file keeps its permissions', async (t) => {
  const dir = await temporaryFolder(t)
  await mkdir(join(dir, 'elsewhere'))
  const target = join(dir, 'elsewhere', 'notes')
  await writeFile(target, 'old')
  await chmod(target, 0o640)
  await symlink(target, join(dir, 'notes'))
  await writeFileAtomic(join(dir, 'notes'), 'new')
  t.is(await readFile(target, 'utf8'), 'new')
  t.is((await stat(target)).mode & 0o777, 0o640)
})

test('what a killed process left is removed, what a running one writes is not', async (t) => {
  const dir = await temporaryFolder(t)
  const host = hostname().replaceAll(/\W/g, '_')
  const [dead, alive, other] = [`.config.json.${host}-4194304-0.tmp`, `.config.json.${host}-1-0.tmp`, '.config.json.elsewhere-4194304-0.tmp']
  for (const name of [dead, alive, other]) await writeFile(join(dir, name), '')
  await writeFileAtomic(join(dir, 'config.json'), '{}')
  t.deepEqual((await readdir(dir)).sort(), [alive, other, 'config.json'].sort())
})

test('a position, and what comes after it', async (t) => {
  const file = join(await temporaryFolder(t), 'pixels')
  const writer = await openToWrite(file, 'w')
  await writer.write('cd', 2)
  await writer.write('ab', 0)
  await writer.close()
  t.is(await readFile(file, 'utf8'), 'abcd')
})

test('a folder whose swap was killed has its place again', async (t) => {
  const dir = await temporaryFolder(t)
  const out = join(dir, 'export')
  await mkdir(`${out}.replaced`)
  await writeFile(join(`${out}.replaced`, 'config.json'), '{}')
  await recoverFolder(out)
  t.deepEqual(await readdir(dir), ['export'])
  await mkdir(`${out}.replaced`)
  await recoverFolder(out)
  t.true(existsSync(`${out}.replaced`), 'one that has a successor is not its place')
})
