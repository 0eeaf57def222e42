import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

/** For the page's import map: transformers.js without the WebGPU runtime, whose WebAssembly is twice as large. */
export const runtimeImports = {
  '@huggingface/transformers': './vendor/transformers.web.min.js',
  'onnxruntime-web/webgpu': './vendor/ort.wasm.bundle.min.mjs',
  'onnxruntime-common': './vendor/ort.wasm.bundle.min.mjs',
}

const sources = fileURLToPath(new URL('..', import.meta.url))

/**
 * The page's files are translated one by one and stay apart: they find each other by relative addresses, packages through the import map. What they share
 * with Node becomes a part of them.
 */
const keepApart: Plugin = {
  name: 'keep-apart',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^/ }, ({ path, kind, resolveDir }) => {
      const isShared = path.startsWith('.') && !join(resolveDir, path).startsWith(sources)
      return kind === 'entry-point' || isShared ? undefined : { path: path.replace(/\.ts$/, '.js'), external: true }
    })
  },
}

/**
 * Writes app/ (the page's own modules as JavaScript), vendor/ (transformers.js and onnxruntime-web), style.css and icon.svg.
 * @param more modules in folders below
 */
export async function writeRuntime(dir: string, more: string[] = []): Promise<void> {
  const modules = [...(await readdir(sources)).filter((name) => name.endsWith('.ts')), ...more]
  await build({
    entryPoints: modules.map((name) => join(sources, name)),
    outdir: join(dir, 'app'),
    outbase: sources,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    plugins: [keepApart],
    logLevel: 'silent',
    tsconfigRaw: {}, // a tsconfig.json of the user's folder is none of ours
  })
  for (const name of ['style.css', 'icon.svg']) await copyFile(join(sources, name), join(dir, name))
  await writeVendor(join(dir, 'vendor'))
}

async function writeVendor(dir: string): Promise<void> {
  const transformers = createRequire(import.meta.url).resolve('@huggingface/transformers')
  const runtime = createRequire(transformers).resolve('onnxruntime-web/wasm')
  await mkdir(dir, { recursive: true })
  await copyFile(join(dirname(transformers), 'transformers.web.min.js'), join(dir, 'transformers.web.min.js'))
  await copyFile(join(dirname(runtime), 'ort-wasm-simd-threaded.wasm'), join(dir, 'ort-wasm-simd-threaded.wasm'))
  const bundle = await readFile(join(dirname(runtime), 'ort.wasm.bundle.min.mjs'), 'utf8')
  await writeFile(join(dir, 'ort.wasm.bundle.min.mjs'), bundle.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n')) // the map stays behind
  const licences = await Promise.all([transformers, runtime].map((file) => licenceOf(dirname(dirname(file)))))
  await writeFile(join(dir, 'LICENCES.txt'), licences.join('\n'))
}

async function licenceOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Record<string, string>
  const text = await readFile(join(folder, 'LICENSE'), 'utf8').catch(() => '')
  return `${name} ${version}, ${license}\n${text}`
}
