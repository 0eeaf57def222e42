import { execFile, execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import { parse, parseAllDocuments } from 'yaml'
import { commands } from '../cli/commands.ts'
import { resolveConfig } from '../cli/resolve.ts'
import { queueAddress } from '../training/queue/address.ts'
import { parsePart } from '../training/queue/part.ts'
import { throwsUserError } from './user-error.ts'

/** Files that no cluster has run: what they say is checked as far as none is needed. */
const dir = fileURLToPath(new URL('../deploy/', import.meta.url))
const read = (name: string) => readFileSync(join(dir, name), 'utf8')

interface Settings {
  queue?: string
  shard?: string
  cacheDir: string
  corpus: string
  teacher: string
}

/** A command line as this program reads it. Throws for a flag that it does not know. */
async function configOf([name, ...args]: string[]): Promise<Settings> {
  return resolveConfig(await commands[name!]!.load(), args) as Settings
}

interface Container {
  image: string
  args: string[]
  env?: { name: string; valueFrom?: object; value?: string }[]
  volumeMounts: { name: string; mountPath: string }[]
}
interface PodSpec {
  containers: Container[]
  volumes: { name: string }[]
  securityContext: object
}

test('every file says that no cluster has run it', (t) => {
  const files = readdirSync(dir).filter((name) => !name.startsWith('Dockerfile'))
  t.deepEqual(files.sort(), ['compose.yaml', 'kubernetes-parts.yaml', 'kubernetes-workers.yaml', 'slurm.sh'])
  for (const file of files) t.regex(read(file), /hecked by test\/deploy\.test\.ts.*; not run on a cluster/, file)
})

test('compose: the commands are understood, the server keeps its jobs, and no credentials stand in the file', async (t) => {
  type Service = { command: string[]; environment: Record<string, string>; volumes: string[]; depends_on?: string[] }
  const { services, volumes } = parse(read('compose.yaml')) as { services: Record<string, Service>; volumes: object }
  t.deepEqual(Object.keys(services), ['redis', 'features', 'worker'])
  const [features, worker] = [await configOf(services.features!.command), await configOf(services.worker!.command)]
  t.is(features.queue, worker.queue)
  t.is(queueAddress(features.queue!, {}).host, 'redis')
  t.regex(services.redis!.command.join(' '), /--appendonly yes --maxmemory-policy noeviction --requirepass/)
  for (const { environment, volumes: mounted } of Object.values(services)) {
    t.regex(environment.REDIS_PASSWORD!, /^\$\{REDIS_PASSWORD:\?/)
    for (const source of mounted.map((mount) => mount.split(':')[0]!)) t.true(source in volumes || source.startsWith('${'), source)
  }
  t.deepEqual(services.features!.volumes, services.worker!.volumes)
  for (const path of [features.corpus, features.teacher]) t.true(path.startsWith('/data/'))
  t.is(features.cacheDir, '/cache')
})

for (const [file, kind] of [
  ['kubernetes-workers.yaml', 'Deployment'],
  ['kubernetes-parts.yaml', 'Job'],
] as const) {
  test(`${file}: one ${kind} whose command is understood and whose volumes are there`, async (t) => {
    const documents = parseAllDocuments(read(file))
    t.is(documents.length, 1)
    t.deepEqual(documents[0]!.errors, [])
    const object = documents[0]!.toJS() as { kind: string; spec: { template: { spec: PodSpec }; completions?: number; completionMode?: string } }
    t.is(object.kind, kind)
    const { containers, volumes, securityContext } = object.spec.template.spec
    t.like(securityContext, { runAsNonRoot: true })
    const [{ args, env = [], volumeMounts }] = containers as [Container]
    const config = await configOf(args)
    t.deepEqual(
      volumeMounts.map(({ name }) => name),
      volumes.map(({ name }) => name),
    )
    t.false(
      env.some(({ value }) => value !== undefined),
      'credentials come from a secret',
    )
    if (kind === 'Deployment') return t.is(queueAddress(config.queue!, {}).host, 'redis')
    const { completions, completionMode } = object.spec
    t.is(completionMode, 'Indexed')
    t.deepEqual(parsePart(config.shard!.replace('$(JOB_COMPLETION_INDEX)', `${completions! - 1}`)), { index: completions! - 1, of: completions! })
    for (const path of [config.corpus, config.teacher, config.cacheDir]) t.true(path.startsWith(volumeMounts[0]!.mountPath))
  })
}

test('slurm.sh: every task of an array has its part, wherever the array begins', async (t) => {
  const file = join(dir, 'slurm.sh')
  execFileSync('bash', ['-n', file])
  const task = async (id: number, least: number, count: number) => {
    const env = {
      ...process.env,
      DISTILINGUAL: 'echo',
      SLURM_ARRAY_TASK_ID: `${id}`,
      SLURM_ARRAY_TASK_MIN: `${least}`,
      SLURM_ARRAY_TASK_COUNT: `${count}`,
    }
    const { stdout } = await promisify(execFile)('bash', [file, '/data/my pictures.csv', '/data/teacher', '/cache'], { env })
    return stdout.trim().replace('my pictures', 'my-pictures').split(' ')
  }
  const parts = await Promise.all([1, 2, 3].map(async (id) => (await configOf(await task(id, 1, 3))).shard))
  t.deepEqual(parts, ['0/3', '1/3', '2/3'])
  t.is((await configOf(await task(63, 0, 64))).shard, '63/64')
  const [, tasks] = /^#SBATCH --array=0-(\d+)$/m.exec(read('slurm.sh'))!
  t.is(tasks, '63')
  const failed = await t.throwsAsync(promisify(execFile)('bash', [file, 'one']))
  t.is((failed as Error & { code: number }).code, 2)
})

test('a flag that is misspelt in a file would be noticed', async (t) => {
  await throwsUserError(t, () => configOf(['features', '--cachedirr', 'x']), { hint: /--cache-dir/ })
})
