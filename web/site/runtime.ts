import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { copyFile, mkdir, writeFile } from '../../base/disk.ts'
import { writeModules } from './modules.ts'

/** For the page's import map: transformers.js without the WebGPU runtime, whose WebAssembly is twice as large. */
export const runtimeImports = {
  '@huggingface/transformers': './vendor/transformers.web.min.js',
  'onnxruntime-web/webgpu': './vendor/ort.wasm.bundle.min.mjs',
  'onnxruntime-common': './vendor/ort.wasm.bundle.min.mjs',
}

const sources = fileURLToPath(new URL('..', import.meta.url))

/**
 * Writes app/ (the page's own modules as JavaScript), vendor/ (transformers.js and onnxruntime-web), style.css and icon.svg.
 * @param more modules in folders below
 */
export async function writeRuntime(dir: string, more: string[] = []): Promise<void> {
  await writeModules(join(dir, 'app'), more)
  for (const name of ['style.css', 'icon.svg']) await copyFile(join(sources, name), join(dir, name))
  await writeVendor(join(dir, 'vendor'))
}

async function writeVendor(dir: string): Promise<void> {
  const transformers = createRequire(import.meta.url).resolve('@huggingface/transformers')
  const runtime = createRequire(transformers).resolve('onnxruntime-web/wasm')
  await mkdir(dir)
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
