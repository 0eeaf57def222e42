import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeArguments } from '../base/own-modules.ts'
import { packageRoot } from '../base/package-root.ts'
import { measured, type Rows } from './record/rows.ts'
import { makePlace } from './soak/place.ts'

/** What a command may try to reach: connections to other machines, and files that it opens to write, makes, renames or removes. */
const traced = 'connect,sendto,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat'

/**
 * Runs the main commands on a small place in a network namespace without interfaces, and under strace, where the machine allows these; says so where it does
 * not. Prints for each command the connections that were tried, and the files written outside of the place and the temporary folder; exit code 1 where there are any.
 */
export async function benchIsolation(): Promise<Rows> {
  const canUnshare = spawnSync('unshare', ['-rn', 'true']).status === 0
  const canTrace = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0
  console.log(`network namespace: ${canUnshare ? 'yes' : 'not allowed here'}; syscall trace: ${canTrace ? 'yes' : 'not allowed here'}`)
  const results: Rows = {}
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'distilingual-isolation-')))
  try {
    await makePlace(dir)
    await mkdir(join(dir, 'traces'))
    for (const [name, ...args] of commandsIn(dir)) {
      const trace = join(dir, 'traces', name!)
      const before = [...(canUnshare ? ['unshare', '-rn'] : []), ...(canTrace ? ['strace', '-f', '-qq', '-e', `trace=${traced}`, '-o', trace] : [])]
      const main = join(packageRoot(), 'cli', 'main.ts')
      const line = [...before, process.execPath, ...nodeArguments(), main, name!, ...args]
      const { status, stderr } = spawnSync(line[0]!, line.slice(1), { cwd: dir, encoding: 'utf8' })
      const found = canTrace ? await leaks(trace, dir) : []
      console.log(`${name}: exit code ${status}${canTrace ? `, ${found.length} connections and files elsewhere` : ''}`)
      for (const what of found) console.log(`  ${what}`)
      results[`${name}, exit code`] = measured('code', status ?? Number.NaN)
      if (canTrace) results[`${name}, connections and files elsewhere`] = measured('count', found.length)
      if (status !== 0) console.log(stderr.slice(-1000))
      if (status !== 0 || found.length > 0) process.exitCode = 1
    }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
  return results
}

function commandsIn(dir: string): string[][] {
  const at = (name: string) => join(dir, name)
  const data = ['--corpus', at('corpus.csv'), '--languages', 'de,fr', '--cache-dir', at('cache')]
  const short = (stage: string) => ['steps', 'batch-size', 'warmup'].flatMap((name, i) => [`--${stage}.${name}`, ['4', '4', '1'][i]!])
  const small = ['--stage1.student', 'tiny', '--stage1.tokenizer', at('words'), '--stage1.variants', '2', '--no-stage1.keep-image-tower']
  const run = [...short('stage1'), ...short('stage2'), ...small, '--stage1.text-share', '0', '--max-drop', '99', '--protocol', 'test']
  return [
    ['distill', ...data, '--teacher', at('teacher'), ...run, '--out', at('run')],
    ['evaluate', at('run'), ...data, '--protocol', 'test', '--out', at('report')],
    ['export', at('run'), ...data, '--dtype', 'fp32,q8', '--max-drop', '99', '--out', at('exported')],
    ['index', at('exported'), '--images', at('pictures'), '--out', at('photos.index')],
    ['search', at('exported'), '--index', at('photos.index'), 'ein Bild'],
  ]
}

/** Connections but those to a file of this machine, and what was written elsewhere. Node writes nothing beside a command's own files but to /dev. */
async function leaks(trace: string, dir: string): Promise<string[]> {
  const text = await readFile(trace, 'utf8')
  const allowed = [dir, tmpdir(), '/dev/', '/proc/self/']
  const found = new Set<string>()
  for (const line of text.split('\n')) {
    if (/\b(connect|sendto)\(/.test(line) && !/AF_UNIX|AF_NETLINK/.test(line)) found.add(line)
    const isWrite = /\b(creat|mkdir|mkdirat|rename|renameat2?|unlink|unlinkat)\(/.test(line) || /openat\(.*O_(WRONLY|RDWR|CREAT)/.test(line)
    const path = /"([^"]*)"/.exec(line)?.[1] ?? ''
    if (isWrite && !line.includes('= -1') && path.startsWith('/') && !allowed.some((folder) => path.startsWith(folder))) found.add(line)
  }
  return [...found]
}
