import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The folder of this package's package.json; the sources lie in it, the built files in its dist/. */
export function packageRoot(): string {
  const parent = new URL('../', import.meta.url)
  return fileURLToPath(existsSync(new URL('package.json', parent)) ? parent : new URL('../', parent))
}
