import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { updateChecksums, verifyChecksums, writeChecksums } from '../../base/checksums.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'

const hint = 'Copy it again.'

async function folder(t: import('ava').ExecutionContext): Promise<string> {
  const dir = await temporaryFolder(t)
  await mkdir(join(dir, 'onnx'))
  await mkdir(join(dir, '.git'))
  for (const name of ['config.json', 'onnx/text_model.onnx', 'README.md', '.git/index.json']) await writeFile(join(dir, name), name)
  await writeChecksums(dir)
  return dir
}

test('sha256sum agrees, and only files that a model reads count', async (t) => {
  const dir = await folder(t)
  const { stdout } = await promisify(execFile)('sha256sum', ['-c', 'SHA256SUMS'], { cwd: dir })
  t.is(stdout, 'config.json: OK\nonnx/text_model.onnx: OK\n')
  await writeFile(join(dir, 'README.md'), 'by hand')
  await t.notThrowsAsync(verifyChecksums(dir, { hint }))
})

test('a file that is changed, missing or new, and any byte of the list', async (t) => {
  const dir = await folder(t)
  const refused = (where: string, got: RegExp) => throwsUserError(t, () => verifyChecksums(dir, { hint }), { where: join(dir, where), got, hint })
  await writeFile(join(dir, 'new.json'), '{}')
  await refused('new.json', /^none$/)
  await rm(join(dir, 'new.json'))
  await writeFile(join(dir, 'config.json'), 'config.jsoN')
  await refused('config.json', /^[0-9a-f]{12}…$/)
  await rm(join(dir, 'config.json'))
  await refused('config.json', /ENOENT/)
  await writeFile(join(dir, 'config.json'), 'config.json')
  const list = join(dir, 'SHA256SUMS')
  const whole = await readFile(list)
  for (let at = 0; at < whole.length; at++) {
    for (const bad of [whole.subarray(0, at), Uint8Array.from(whole, (byte, i) => (i === at ? byte ^ (1 << (at % 8)) : byte))]) {
      await writeFile(list, bad)
      await throwsUserError(t, () => verifyChecksums(dir, { hint }), {}, `byte ${at}`)
    }
  }
  await rm(list)
  await refused('SHA256SUMS', /no such file/)
  await t.notThrowsAsync(verifyChecksums(dir, { hint, required: false }))
})

test('a file that is changed on purpose is taken in; the lines of others stay', async (t) => {
  const dir = await folder(t)
  for (const name of ['config.json', 'onnx/text_model.onnx']) await writeFile(join(dir, name), 'other')
  await updateChecksums(dir, ['config.json'])
  await throwsUserError(t, () => verifyChecksums(dir, { hint }), { where: join(dir, 'onnx/text_model.onnx') })
})

test('a list that leads out of the folder is refused', async (t) => {
  const dir = await folder(t)
  const list = await readFile(join(dir, 'SHA256SUMS'), 'utf8')
  await writeFile(join(dir, 'SHA256SUMS'), list.replace('config.json', '../config.json'))
  await throwsUserError(t, () => verifyChecksums(dir, { hint }), { where: join(dir, 'SHA256SUMS'), expected: 'lines of sha256sum' })
})
