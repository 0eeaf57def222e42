import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { markdownTable } from 'markdown-table'
import { UserError } from '../base/errors.ts'
import { measured, type Rows } from './record/rows.ts'
import type { Flags } from './subject.ts'
import { apartFrom, type Reference } from './zoo/compare.ts'

/** Folders of the zoo, and the family whose Python model is their reference; a plus sign joins two. */
const folders: Record<string, string> = {
  altclip: 'altclip',
  'altclip-combined': 'altclip',
  'altclip-combined-fp16': 'altclip',
  'altclip-combined-external': 'altclip',
  altclip336: 'altclip336',
  'chinese-clip': 'chinese-clip',
  'chinese-clip-2022': 'chinese-clip',
  'chinese-clip-types': 'chinese-clip',
  clip: 'clip',
  'clip-combined': 'clip',
  'clip-fp16': 'clip',
  'clip-external': 'clip',
  'clip-dynamo': 'clip',
  'clip-opset18': 'clip',
  'clip-mixed': 'clip',
  'clip-fixed': 'clip',
  siglip: 'siglip',
  'siglip-v5': 'siglip',
  'siglip-combined': 'siglip',
  noncausal: 'siglip',
  siglip2: 'siglip2',
  'siglip2-hub': 'siglip2',
  metaclip2: 'metaclip2',
  'metaclip2-combined': 'metaclip2',
  jina: 'jina',
  mclip: 'mclip',
  'mclip-vision+mclip': 'mclip',
}
/** Folders that must be refused: their towers are not projected. */
const unfit = ['clip-unprojected', 'unprojected', 'mclip-unpooled']
/** Least cosines to Python: raw, and after the mean over samples is taken off. */
const goals = { image: 0.9995, centred: 0.995, text: 0.9999, grey: 1 }

/**
 * Builds teachers of many makers in Python (random weights, real architectures and files), embeds pictures and texts there and here, and prints
 * how far apart they are. What is there already is not made again: delete --dir to start over.
 */
export async function benchZoo(flags: Flags): Promise<Rows> {
  const dir = resolve(String(flags.dir))
  const only = String(flags.only).split(',').filter(Boolean)
  const named = Object.entries(folders).filter(([name, family]) => only.length === 0 || only.includes(name) || only.includes(family))
  await build(String(flags.python), dir, [...new Set(named.map(([, family]) => family))], only.length === 0)
  const rows: string[][] = []
  const results: Rows = {}
  for (const [name, family] of named) {
    const path = name
      .split('+')
      .map((part) => join(dir, 'teachers', part))
      .join('+')
    const found = await apartFrom(await referenceOf(dir, family), path, join(dir, 'data')).catch((error: Error) => error)
    if (found instanceof Error) {
      process.exitCode = 1
      rows.push([name, found.message, '', '', '', '✗'])
      continue
    }
    const { grey, image, centred, text, textCentred } = found
    Object.assign(results, {
      [`${name}, pixels`]: measured('mean grey levels', grey),
      [`${name}, pictures`]: measured('least cosine', image),
      [`${name}, pictures less the mean`]: measured('least cosine', centred),
      [`${name}, texts`]: measured('least cosine', text),
    })
    const isGood = image >= goals.image && centred >= goals.centred && text >= goals.text && grey <= goals.grey
    if (!isGood) process.exitCode = 1
    rows.push([name, grey.toFixed(2), image.toFixed(4), centred.toFixed(3), `${text.toFixed(5)} (${textCentred.toFixed(3)})`, isGood ? '' : '✗'])
  }
  const head = ['teacher', 'pixels: mean grey levels', 'pictures: least cosine', 'less the mean', 'texts', '']
  console.log(markdownTable([head, ...rows], { align: ['l', 'r', 'r', 'r', 'r', 'l'] }))
  for (const name of only.length === 0 ? unfit : []) await requireRefused(join(dir, 'teachers', name))
  return results
}

async function build(python: string, dir: string, families: string[], isWhole: boolean): Promise<void> {
  const made = (name: string) => existsSync(join(dir, name))
  await mkdir(join(dir, 'refs'), { recursive: true })
  if (!made('teachers/tokenizers/gemma')) await run(python, dir, 'make_tokenizers.py')
  if (!made('data/texts.txt')) await run(python, dir, 'pictures.py')
  for (const family of families) if (!made(`teachers/${family}.torch`)) await run(python, dir, 'teachers.py', family)
  if (isWhole && !made('teachers/unprojected')) await run(python, dir, 'teachers.py', 'formats', 'hub-configs', 'unprojected')
  for (const family of families) if (!made(`refs/${family}.json`)) await run(python, dir, 'reference.py', family)
}

async function run(python: string, dir: string, script: string, ...args: string[]): Promise<void> {
  console.error(`${script} ${args.join(' ')}`)
  const file = fileURLToPath(new URL(`./zoo/${script}`, import.meta.url))
  const env = { ...process.env, ZOO: dir, HF_HUB_OFFLINE: '1' }
  await promisify(execFile)(python, ['-B', '-W', 'ignore', file, ...args], { env, maxBuffer: 2 ** 26 }).catch(
    (error: Error & { stderr?: string }) => {
      throw new UserError({
        where: `${python} ${script} ${args.join(' ')}`,
        expected: 'a Python that has bench/zoo/requirements.txt',
        got: error.stderr?.trim().split('\n').at(-1) ?? error.message,
        hint: 'Make one: python3 -m venv zoo && zoo/bin/pip install -r bench/zoo/requirements.txt, then --python zoo/bin/python.',
      })
    },
  )
}

async function referenceOf(dir: string, family: string): Promise<Reference> {
  const found = JSON.parse(await readFile(join(dir, 'refs', `${family}.json`), 'utf8')) as Omit<Reference, 'rgb'>
  const files = await readdir(join(dir, 'data/images'))
  if (files.length !== found.names.length) throw new Error(`refs/${family}.json is of other pictures than data/images: delete it`)
  return { ...found, rgb: await readFile(join(dir, 'refs', `${family}.rgb`)) }
}

async function requireRefused(path: string): Promise<void> {
  const { openOnnxFolder } = await import('../models/onnx/open-folder.ts')
  const outcome = await openOnnxFolder(path).then(
    async (encoder) => encoder.release().then(() => 'opened ✗'),
    (error: Error) => (error instanceof UserError ? `refused: ${error.message.slice(path.length)}` : `${error.stack} ✗`),
  )
  if (outcome.endsWith('✗')) process.exitCode = 1
  console.log(`${path.split('/').at(-1)}: ${outcome}`)
}
