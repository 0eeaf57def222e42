import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../base/package-root.ts'
import type { Provenance } from './schema.ts'

const require = createRequire(import.meta.url)

/**
 * Where a report comes from: configuration and seed as given, and what is gathered here: versions of this package, its
 * dependencies and Node; the machine; the commit; minutes since this process started and its peak memory: of a resumed run its last part.
 * @param run.device what was trained on, e.g. `cpu` or `webgpu`
 */
export function provenance(run: { config: Record<string, unknown>; seed: number; device?: string }): Provenance {
  return {
    config: run.config,
    seed: run.seed,
    versions: versions(),
    machine: {
      cpu: cpus()[0]?.model.trim() || process.arch,
      cores: cpus().length,
      memoryMB: Math.round(totalmem() / 2 ** 20),
      platform: `${process.platform} ${process.arch}`,
      ...(run.device ? { device: run.device } : {}),
    },
    ...commit(),
    minutes: process.uptime() / 60,
    peakMemoryMB: Math.round(process.resourceUsage().maxRSS / 1024),
  }
}

interface Manifest {
  name: string
  version: string
  dependencies?: Record<string, string>
}

function versions(): Record<string, string> {
  const self = manifest(join(packageRoot(), 'package.json'))
  const versions: Record<string, string> = { node: process.versions.node, [self.name]: self.version }
  for (const name of Object.keys(self.dependencies ?? {})) {
    // Asked of the folders, not of the resolver: many packages do not export their package.json.
    const file = (require.resolve.paths(name) ?? []).map((folder) => join(folder, name, 'package.json')).find(existsSync)
    if (file) versions[name] = manifest(file).version
  }
  return versions
}

function manifest(file: string): Manifest {
  return JSON.parse(readFileSync(file, 'utf8')) as Manifest
}

/** The commit of this package's own repository; null when it is installed in someone else's, or there is no git. */
function commit(): { commit: string | null; dirty?: boolean } {
  try {
    const [top, head] = git('rev-parse', '--show-toplevel', 'HEAD').split('\n')
    if (!top || !head || realpathSync(top) !== realpathSync(packageRoot())) return { commit: null }
    return { commit: head, dirty: git('status', '--porcelain', '--untracked-files=no') !== '' }
  } catch {
    return { commit: null }
  }
}

function git(...args: string[]): string {
  return execFileSync('git', ['--no-optional-locks', ...args], { cwd: packageRoot(), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
}
