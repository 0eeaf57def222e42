import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { copyFile, mkdir } from '../../base/disk.ts'

const page = [
  'element',
  'engine',
  'formats',
  'frame',
  'grid',
  'inputs',
  'latest',
  'main',
  'model',
  'page',
  'pixels',
  'site',
  'thumb',
  'vectors',
  'words',
]
const parity = ['parity/check', 'parity/library']
/** Where the package has them as JavaScript. */
const built = fileURLToPath(new URL('../app', import.meta.url))

/** The modules that run in a browser, of web/. */
export const pageModules = [...page, ...parity]

/**
 * Writes the modules of the page as JavaScript: those that came with the package, or in a clone what they are now.
 * @param more of `pageModules`, beside the demo's own
 */
export async function writeModules(dir: string, more: string[] = []): Promise<void> {
  const names = [...page, ...more]
  if (!existsSync(built)) return (await import('./bundle.ts')).bundleModules(dir, names)
  for (const name of names) {
    await mkdir(dirname(join(dir, name)))
    await copyFile(join(built, `${name}.js`), join(dir, `${name}.js`))
  }
}
