import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../base/package-root.ts'
import { featureFormat } from '../training/teachers/feature-folder.ts'

/** Of this program, and of what its files of features hold. */
export function featureVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }
  return `${version}, features ${featureFormat}`
}
