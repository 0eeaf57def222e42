import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { UserError } from '../../base/errors.ts'

const require = createRequire(import.meta.url)

/**
 * Returns the folder of an installed npm package, or undefined. The drawings are not shipped with this package
 * (they are large and carry their own licences), so every use of them has to ask first.
 */
export function packageFolder(name: string): string | undefined {
  for (const folder of require.resolve.paths(name) ?? []) {
    const candidate = join(folder, name)
    if (existsSync(join(candidate, 'package.json'))) return candidate
  }
  return undefined
}

/** Returns the path of `file` in package `name`. Throws UserError when the package is not installed. */
export function packageFile(name: string, file: string): string {
  const folder = packageFolder(name)
  if (!folder) {
    throw new UserError({
      where: 'emoji corpus',
      expected: `the npm package ${name}`,
      got: 'no such package in node_modules',
      hint: `Run: npm install ${name}`,
    })
  }
  const path = join(folder, file)
  if (!existsSync(path)) {
    throw new UserError({
      where: `emoji corpus, package ${name}`,
      expected: `a file ${file}`,
      got: `none in ${dirname(path)}`,
      hint: `Install the version package.json names: npm install ${name}`,
    })
  }
  return path
}

/** Reads a JSON file of a package; `T` states what the caller reads of it. */
export function packageJson<T>(name: string, file: string): T {
  return JSON.parse(readFileSync(packageFile(name, file), 'utf8')) as T
}
