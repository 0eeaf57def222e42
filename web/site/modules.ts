import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { copyFile, mkdir } from '../../base/disk.ts'

/** Modules of folders below web/ that run in a browser. */
export const parityModules = ['parity/check', 'parity/library']
/** Where the package has them as JavaScript. */
const built = fileURLToPath(new URL('../app', import.meta.url))

/**
 * Writes the modules of the page as JavaScript: those that came with the package, or in a clone what they are now.
 * @param more of folders below, beside the page's own
 */
export async function writeModules(dir: string, more: string[] = []): Promise<void> {
  if (!existsSync(built)) return (await import('./bundle.ts')).bundleModules(dir, more)
  const page = (await readdir(built)).filter((name) => name.endsWith('.js'))
  for (const name of [...page, ...more.map((module) => `${module}.js`)]) {
    await mkdir(dirname(join(dir, name)))
    await copyFile(join(built, name), join(dir, name))
  }
}
