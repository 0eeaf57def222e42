/** Writes dist/, what the npm package runs: JavaScript with types and source maps, the data beside it, and the modules of web pages. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { packageRoot } from '../base/package-root.ts'
import { bundleModules } from '../web/site/bundle.ts'
import { parityModules } from '../web/site/modules.ts'

const root = packageRoot()
const dist = join(root, 'dist')
/** Data that sources read beside themselves. The teacher is read from where it lies. */
const data = ['corpora/emoji', 'corpora/pool/data', 'report/html', 'web', 'web/watch']
const dataEndings = /\.(?:json|tsv|css|js|svg)$/

// Something else may have been written there, such as an export of former times.
const strangers = (await readdir(dist).catch(() => [])).filter((name) => !existsSync(join(root, name)))
if (strangers.length > 0) throw new Error(`dist/ is rebuilt whole, and holds ${strangers.join(', ')}: move it elsewhere`)
await rm(dist, { recursive: true, force: true })
execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '--project', join(root, 'tsconfig.build.json')], { stdio: 'inherit' })
for (const folder of data) {
  for (const name of await readdir(join(root, folder))) {
    if (dataEndings.test(name)) await copy(join(folder, name))
  }
}
await bundleModules(join(dist, 'web/app'), parityModules)

async function copy(file: string): Promise<void> {
  await mkdir(dirname(join(dist, file)), { recursive: true })
  await cp(join(root, file), join(dist, file))
}
