import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { updateIndex } from '../../../search/index/update.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { throwsUserError } from '../../user-error.ts'
import { writeDrawings } from './pictures.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const model = join(root, 'models/teachers/bridged')

test('of two processes that make one index the second is refused; one that was killed is no hindrance', async (t) => {
  t.timeout(300_000)
  const dir = await temporaryFolder(t)
  const [images, out] = [join(dir, 'images'), join(dir, 'some.index')]
  await writeDrawings(images, 70)
  const child = spawn(process.execPath, ['bin/distilingual.mjs', 'index', model, '--images', images, '--out', out], { cwd: root, stdio: 'ignore' })
  const exit = once(child, 'exit')
  while (!existsSync(`${out}.lock`) && child.exitCode === null) await new Promise((done) => setTimeout(done, 2))
  const expected = { where: /some\.index/, got: /process \d+/ }
  await throwsUserError(t, () => updateIndex({ model, images, out, force: true }), expected)
  child.kill('SIGKILL')
  await exit
  t.true(existsSync(`${out}.lock`))
  t.like(await updateIndex({ model, images, out }), { images: 70 })
  t.false(existsSync(`${out}.lock`))
})
