import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { temporaryFolder } from '../temporary-folder.ts'

const main = new URL('../../cli/main.ts', import.meta.url).pathname

/** Modules that node loads for a command line. */
async function loadedBy(t: ExecutionContext, ...args: string[]): Promise<string[]> {
  const dir = await temporaryFolder(t)
  const list = join(dir, 'loaded.txt')
  await writeFile(
    join(dir, 'hooks.mjs'),
    `import { appendFileSync } from 'node:fs'
     export async function load(url, context, next) {
       appendFileSync(${JSON.stringify(list)}, url + '\\n')
       return next(url, context)
     }`,
  )
  await writeFile(join(dir, 'register.mjs'), "import { register } from 'node:module'\nregister('./hooks.mjs', import.meta.url)\n")
  await promisify(execFile)(process.execPath, ['--import', import.meta.resolve('tsx'), '--import', join(dir, 'register.mjs'), main, ...args]).catch(
    (error) => {
      if (error.code !== 2) throw error
    },
  )
  return [...new Set((await readFile(list, 'utf8')).trim().split('\n'))]
}

/** Files of ours that a help page may load: commands, their settings, and what those name. */
const most = 68
const heavy = /node_modules\/(?:@tensorflow|onnxruntime|sharp|@huggingface|libsql|vega|esbuild|protobufjs)/

test('help loads every command and nothing that computes', async (t) => {
  t.timeout(120_000)
  const loaded = await loadedBy(t, '--help') // the description of each command stands in its file
  const own = loaded.filter((url) => !url.includes('node_modules') && /\.ts(?:\?|$)/.test(url))
  t.true(own.some((url) => url.includes('/cli/distill.ts')))
  t.deepEqual(
    loaded.filter((url) => heavy.test(url)),
    [],
  )
  t.true(own.length <= most, `${own.length} modules`)
})

test('a command that works loads what it works with: the hook sees it', async (t) => {
  t.timeout(120_000)
  const loaded = await loadedBy(t, 'search', await temporaryFolder(t), '--images', '.', 'x') // fails: there is no model
  t.true(loaded.some((url) => heavy.test(url)))
})
