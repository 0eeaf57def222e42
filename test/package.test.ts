import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import sharp from 'sharp'
import { packageRoot } from '../base/package-root.ts'
import { temporaryFolder } from './temporary-folder.ts'

const root = packageRoot()
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
const inFolder = promisify(execFile)
/** What the package may weigh beside the teacher that is in it. */
const mostBytes = 6e6

/** Packs the package as `npm publish` would, which builds it; a second time what was built. */
async function pack(dir: string, ...flags: string[]): Promise<{ file: string; files: string[] }> {
  await mkdir(dir)
  const { stdout } = await inFolder('npm', ['pack', '--json', '--silent', ...flags, '--pack-destination', dir], { cwd: root, maxBuffer: 2 ** 26 })
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf('[\n')))
  return { file: join(dir, packed.filename), files: packed.files.map(({ path }: { path: string }) => path) }
}

/** An empty folder into which the tarball is installed, as npm lays it out, with what package.json names as dependencies and nothing else. */
async function install(dir: string, tarball: string): Promise<void> {
  const modules = join(dir, 'node_modules')
  await mkdir(join(modules, '.bin'), { recursive: true })
  await inFolder('tar', ['--extract', '--file', tarball, '--directory', modules])
  await inFolder('mv', [join(modules, 'package'), join(modules, 'distilingual')])
  await symlink(`../distilingual/${manifest.bin.distilingual}`, join(modules, '.bin/distilingual'))
  for (const name of Object.keys(manifest.dependencies)) {
    await mkdir(dirname(join(modules, name)), { recursive: true })
    await symlink(join(root, 'node_modules', name), join(modules, name))
  }
}

/** captions.csv and 20 pictures: five colours, four shapes. */
async function writePictures(dir: string): Promise<void> {
  const colours = { red: '红', green: '绿', blue: '蓝', yellow: '黄', black: '黑' }
  const shapes = {
    circle: ['圆', '<circle cx="16" cy="16" r="12"/>'],
    square: ['方', '<rect x="5" y="5" width="22" height="22"/>'],
    triangle: ['三角', '<path d="M16 4 28 28H4Z"/>'],
    bar: ['条', '<rect x="2" y="13" width="28" height="6"/>'],
  }
  await mkdir(join(dir, 'pictures'))
  const rows = ['image,en,zh']
  for (const [colour, chinese] of Object.entries(colours)) {
    for (const [shape, [name, svg]] of Object.entries(shapes)) {
      const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32" fill="${colour}">${svg}</svg>`
      await sharp(Buffer.from(drawing))
        .png()
        .toFile(join(dir, 'pictures', `${colour}-${shape}.png`))
      rows.push(`pictures/${colour}-${shape}.png,a ${colour} ${shape},${chinese}色的${name}`)
    }
  }
  await writeFile(join(dir, 'captions.csv'), rows.join('\n'))
}

/** Modules that node loads for a command line, each once; commands that fail for want of a model are no matter. */
async function loadedBy(dir: string, ...args: string[]): Promise<string[]> {
  const list = join(dir, `loaded-${args.join('-').replaceAll('/', '-')}.txt`)
  await writeFile(
    join(dir, 'hooks.mjs'),
    `import { appendFileSync } from 'node:fs'
     export async function load(url, context, next) {
       appendFileSync(process.env.LOADED, url + '\\n')
       return next(url, context)
     }`,
  )
  await writeFile(join(dir, 'register.mjs'), "import { register } from 'node:module'\nregister('./hooks.mjs', import.meta.url)\n")
  const node = ['--import', join(dir, 'register.mjs'), join(dir, 'node_modules/.bin/distilingual'), ...args]
  await inFolder(process.execPath, node, { cwd: dir, env: { ...process.env, LOADED: list } }).catch((error) => {
    if (error.code !== 2) throw error
  })
  return [...new Set((await readFile(list, 'utf8')).trim().split('\n'))]
}

const heavy = /node_modules\/(?:@tensorflow|onnxruntime|sharp|@huggingface|libsql|vega|protobufjs)/
const own = (urls: string[]) => urls.filter((url) => url.includes('/distilingual/dist/')) // packages are links, seen where they lie

test('the tarball: small, the same each time, and enough for a folder with nothing else', async (t) => {
  t.timeout(900_000)
  const dir = await temporaryFolder(t)
  const [first, second] = [await pack(join(dir, 'first')), await pack(join(dir, 'second'), '--ignore-scripts')]
  const bytes = await readFile(first.file)
  t.is(sha256(await readFile(second.file)), sha256(bytes))
  t.true(bytes.length <= (await teacherBytes()) + mostBytes, `${bytes.length} bytes`)
  t.deepEqual(
    first.files.filter((file) => /^(?:test|bench|build)\/|\.tmp|(?<!\.d)\.ts$/.test(file)),
    [],
  )

  for (const file of ['dist/web/app/main.js', 'dist/corpora/augment-worker.js', 'dist/corpora/decode-process.js', 'dist/stages/shard-process.js'])
    t.true(first.files.includes(file), file)

  const user = join(dir, 'user')
  await install(user, first.file)
  await writePictures(user)
  await checkLoading(t, user)
  const without = inFolder(process.execPath, ['node_modules/.bin/distilingual', 'distill'], { cwd: user })
  const { code, stderr } = await without.catch((error) => error) // the drawings of the embedded corpus are packages of their own
  t.is(code, 2)
  for (const name of ['@iconify-json/twemoji', '@lobehub/fluent-emoji-3d', 'opencc-js']) t.true(stderr.includes(name), stderr)
  const npx = (...args: string[]) => inFolder('npx', ['--no-install', 'distilingual', ...args], { cwd: user })
  const few = [
    '--stage1.student=32x1-32x1',
    '--stage1.steps=4',
    '--stage1.warmup=2',
    '--stage1.variants=1',
    '--stage2.steps=2',
    '--stage2.warmup=1',
    '--stage1.threads=1',
    '--stage2.threads=1',
  ]
  const own = ['--no-stage1.keep-image-tower', '--stage1.text-share=0', '--stage2.text-share=0'] // the pool of texts takes a minute
  await npx('distill', '--quick', '--corpus', 'captions.csv', '--dtype=fp32', ...few, ...own)
  for (const file of ['report.html', 'export/onnx/text_model.onnx']) t.true(existsSync(join(user, 'runs/distill', file)), file)
  await checkExamples(t, user)
})

/** The list of commands loads none of them, a command's help nothing that computes, and a command only what it works with. */
async function checkLoading(t: ExecutionContext, dir: string): Promise<void> {
  const list = await loadedBy(dir, '--help')
  t.true(list.length <= 20, list.join('\n'))
  for (const command of ['distill', 'search']) {
    const help = await loadedBy(dir, command, '--help')
    t.deepEqual([help.filter((url) => heavy.test(url)), own(help).length <= 60], [[], true], `${command}: ${own(help).length} modules`)
  }
  const search = await loadedBy(dir, 'search', 'nowhere', '--images', '.', 'x')
  t.true(search.some((url) => url.includes('onnxruntime'))) // the hook sees what is loaded
  t.deepEqual(
    search.filter((url) => /libsql|\/vega|\/dist\/(?:stages\/[a-z-]+\.js|report\/measure)/.test(url)),
    [],
  )
}

/** Each example runs, and all of them have right types. */
async function checkExamples(t: ExecutionContext, dir: string): Promise<void> {
  const names = await readdir(join(root, 'examples'))
  for (const name of names) await writeFile(join(dir, name), await readFile(join(root, 'examples', name)))
  const example = async (name: string, ...args: string[]) => (await inFolder(process.execPath, [name, ...args], { cwd: dir })).stdout
  t.regex(await example('distill.mjs', 'captions.csv', 'runs/mine', '4'), /stage 1: 4 steps\n[\s\S]*measured rows; runs\/mine\/report\.json/)
  t.regex(await example('evaluate.mjs', 'runs/mine', 'runs/measured'), /^test en 1?\d?[\d.]+$/m)
  t.regex(await example('export-model.mjs', 'runs/mine', 'runs/exported'), /^runs\/exported, q8: \d+ bytes$/m)
  t.regex(
    await example('open-model.mjs', 'runs/exported', 'pictures/red-bar.png', 'a red bar', '蓝'),
    /^-?\d\.\d{3} {2}a red bar\n-?\d\.\d{3} {2}蓝$/m,
  )
  t.is((await example('search-folder.mjs', 'runs/exported', 'pictures', 'a red bar')).trim().split('\n').length, 5)
  t.deepEqual(names.toSorted(), ['distill.mjs', 'evaluate.mjs', 'export-model.mjs', 'open-model.mjs', 'search-folder.mjs'])

  const wrong = "import { distill, type ProgressEvent } from 'distilingual'\n// @ts-expect-error: no such setting\nawait distill({ corpsu: 'x' })\n"
  await writeFile(join(dir, 'wrong.ts'), `${wrong}export const first: ProgressEvent[] = []\n`)
  await symlink(join(root, 'node_modules/@types'), join(dir, 'node_modules/@types'))
  const flags = ['--noEmit', '--skipLibCheck', '--strict', '--allowJs', '--checkJs', '--module', 'nodenext', '--target', 'es2023', '--types', 'node']
  const files = [...names, 'wrong.ts']
  const { stdout } = await inFolder(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...flags, ...files], { cwd: dir }).catch(
    (error) => error,
  )
  t.is(stdout, '')
}

async function teacherBytes(): Promise<number> {
  const entries = await readdir(join(root, 'models/teachers'), { recursive: true, withFileTypes: true })
  const sizes = entries.filter((entry) => entry.isFile()).map(async (entry) => (await readFile(join(entry.parentPath, entry.name))).length)
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
