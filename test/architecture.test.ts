import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Folders in order: a file imports its own folder and what stands in a row above. A folder inside a folder is a row of its own, above the files of the
 * folder that it is in. docs/architecture.md says why.
 */
const layers: string[][] = [
  ['base'],
  ['engine'],
  ['corpora', 'tokenizers'],
  ['models'],
  ['eval'],
  ['training/data'],
  ['training/objectives'],
  ['training/teachers'],
  ['training/queue'],
  ['training/shrink'],
  ['training'],
  ['training/bridge'],
  ['report'],
  ['export', 'search'],
  ['run'],
  ['web'],
  ['stages'],
  ['cli', 'api'],
]
const named = layers.flat()
/** The row of a file: that of the longest name that it lies in. */
const layerOf = (file: string): { name: string; row: number } => {
  const name = named.filter((folder) => file.startsWith(`${folder}/`)).toSorted((x, y) => y.length - x.length)[0]!
  return { name, row: layers.findIndex((row) => row.includes(name)) }
}
const product = [...new Set(named.map((folder) => folder.split('/')[0]!))]
const others = ['bench', 'build', 'test', 'bin']

/** The only files that may import a package, for packages that have one door. */
const doors: Record<string, string> = {
  '@tensorflow/tfjs': 'engine/tf.ts',
  'onnxruntime-node': 'engine/runtime.ts',
}

interface Import {
  target: string
  typeOnly: boolean
}

const files = [...product, ...others].filter((folder) => existsSync(join(root, folder))).flatMap(sources)
const imports = new Map(files.map((file) => [file, importsOf(file)]))

function sources(folder: string): string[] {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && /\.(ts|mjs|js)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
}

/** Every import and re-export of a file, dynamic ones included; relative targets as paths from the root. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
  const statements = text.matchAll(/^(?:import|export)\s+(type\s)?(?:[^'"`;]*?\sfrom\s+)?'([^'\n]+)'|\bimport\(\s*'([^'\n]+)'/gm)
  return Array.from(statements, ([, type, named, dynamic]) => {
    const target = (named ?? dynamic)!
    return { target: target.startsWith('.') ? normalize(join(dirname(file), target)) : target, typeOnly: type !== undefined }
  })
}

const top = (path: string) => path.split('/')[0]!
const isLocal = (target: string) => imports.has(target)

test('the scan sees imports of every kind', (t) => {
  const found = (file: string) => imports.get(file)!.map(({ target }) => target)
  t.true(files.length > 80)
  t.true(found('engine/runtime.ts').includes('engine/telemetry-off.ts'), 'import for its effect')
  t.true(found('models/folder.ts').includes('tokenizers/load.ts'))
  t.true(imports.get('models/encoder.ts')!.some(({ target, typeOnly }) => target === 'tokenizers/load.ts' && typeOnly))
})

test('imports point one way, folder by folder', (t) => {
  const wrong = files
    .filter((file) => product.includes(top(file)))
    .flatMap((file) => {
      const own = layerOf(file)
      const bad = imports.get(file)!.filter(({ target }) => {
        if (!isLocal(target)) return false
        if (!product.includes(top(target))) return true
        const other = layerOf(target)
        return other.name !== own.name && other.row >= own.row
      })
      return bad.map(({ target }) => `${file} → ${target}`)
    })
  t.deepEqual(wrong, [])
})

test('tfjs and onnxruntime have one door each', (t) => {
  const wrong = files
    .filter((file) => product.includes(top(file)))
    .flatMap((file) =>
      imports
        .get(file)!
        .filter(({ target }) => doors[target] !== undefined && doors[target] !== file)
        .map(({ target }) => `${file} → ${target}`),
    )
  t.deepEqual(wrong, [])
})

test('corpora, tokenizers and eval load no tfjs, not even through others', (t) => {
  const reachable = (file: string, seen = new Set<string>()): Set<string> => {
    if (seen.has(file)) return seen
    seen.add(file)
    for (const { target, typeOnly } of imports.get(file) ?? []) if (!typeOnly) reachable(target, seen)
    return seen
  }
  const wrong = files.filter((file) => ['corpora', 'tokenizers', 'eval'].includes(top(file)) && reachable(file).has('engine/tf.ts'))
  t.deepEqual(wrong, [])
})

/** Files that write past base/disk.ts: a page in the system's temporary folder, and a counter of the system's. */
const writers = ['base/disk.ts', 'web/parity/browser.ts', 'export/memory.ts']

test('what is written goes through base/disk.ts', (t) => {
  const calls = /\b(?:appendFile|copyFile|cp|createWriteStream|mkdir|mkdtemp|rename|rm|rmdir|symlink|truncate|unlink|writeFile|writeSync)(?:Sync)?\b/
  const wrong = files
    .filter((file) => product.includes(top(file)) && !writers.includes(file))
    .filter((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(/^import (.*) from 'node:fs(?:\/promises)?'$/gm)].some(([, names]) => calls.test(names!)),
    )
  t.deepEqual(wrong, [])
})

test('no cycles', (t) => {
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (file: string, path: string[]): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' → '))
    if (done.has(file) || path.includes(file)) return
    for (const { target } of imports.get(file)!) if (isLocal(target)) visit(target, [...path, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
  t.deepEqual(cycles, [])
})

test('no default exports', (t) => {
  t.deepEqual(
    files.filter((file) => /^export default\b|\bas default\b/m.test(readFileSync(join(root, file), 'utf8'))),
    [],
  )
})

test('files stay small', (t) => {
  const lengths = files.map((file) => [file, readFileSync(join(root, file), 'utf8').split('\n').length - 1] as const)
  t.deepEqual(
    lengths.filter(([, length]) => length > 300),
    [],
  )
})
