import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { nodeArguments } from '../../base/own-modules.ts'
import { random } from '../../base/random.ts'
import { featuresOfCorpus } from '../../stages/features.ts'
import { redisServer } from '../training/queue/redis-server.ts'
import { featurePlace } from './feature-place.ts'

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))

/** `distilingual worker`, in a group of its own as in a container, with what it writes to stderr. */
function startWorker(t: ExecutionContext, ...flags: string[]) {
  const child = spawn(process.execPath, [...nodeArguments(), main, 'worker', ...flags], { detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
  const worker = { child, said: '', signal: (signal: NodeJS.Signals) => void process.kill(-child.pid!, signal), end: once(child, 'exit') }
  child.stderr.on('data', (chunk) => {
    worker.said += chunk
  })
  t.teardown(() => hasEnded(child) || worker.signal('SIGKILL'))
  return worker
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

test('four workers, six killed, one stopped beyond its lock, Redis killed twice: the bytes of one process', async (t) => {
  const { dir, asked, files } = await featurePlace(t, 215) // 5,160 rows of images: eleven shards
  await featuresOfCorpus(asked('whole'))
  const redis = await redisServer(t)
  const start = () => startWorker(t, '--queue', redis.url, '--lock-seconds', '8', '--threads', '1', '--once')
  let isOver = false
  const run = featuresOfCorpus(asked('shared', { queue: redis.url })).finally(() => {
    isOver = true
  })
  run.catch(() => {}) // looked at below
  while (!(await readdir(join(dir, 'shared')).catch((): string[] => [])).some((name) => name.startsWith('plan-'))) await sleep(50)
  const workers = Array.from({ length: 4 }, start)
  while (!workers.some(({ said }) => said.includes(' in '))) await sleep(50)

  // Without the stopped worker's shard the run cannot end, and it is given to another after two looks at locks: all that follows happens in between.
  const draw = random(23)
  const pick = () => Math.floor(draw() * workers.length)
  const stopped = workers.splice(
    workers.findIndex(({ said }) => said.includes(' in ')),
    1,
  )[0]!
  stopped.signal('SIGSTOP')
  const events: string[] = []
  for (const event of ['worker', 'redis', 'worker', 'worker', 'redis', 'worker', 'worker', 'worker']) {
    await sleep(100 + 400 * draw())
    if (isOver) break
    events.push(event)
    if (event === 'redis') await redis.killAndRestart()
    else {
      const at = pick()
      workers[at]!.signal('SIGKILL')
      workers[at] = start()
    }
  }
  t.is(events.length, 8)
  await run
  t.deepEqual(await files('shared'), await files('whole'))
  stopped.signal('SIGCONT')
  for (const worker of [stopped, ...workers]) {
    const [code] = await worker.end
    t.is(code, 0, worker.said)
  }
  t.deepEqual(await files('shared'), await files('whole'), 'what the stopped worker did late is the same')
  t.deepEqual(
    (await readdir(join(dir, 'shared'))).filter((name) => !name.startsWith('features-')),
    [],
  )
})

test('a worker that would compute other features refuses and names the difference', async (t) => {
  const { dir, asked } = await featurePlace(t, 2)
  const redis = await redisServer(t)
  const run = featuresOfCorpus(asked('shared', { queue: redis.url }))
  run.catch(() => {})
  while (!(await readdir(join(dir, 'shared')).catch((): string[] => [])).some((name) => name.startsWith('plan-'))) await sleep(50)
  const table = await readFile(join(dir, 'classes.csv'), 'utf8')
  await writeFile(join(dir, 'other.csv'), table.replace('ein Bild', 'kein Bild'))
  const refusals = await Promise.all(
    [
      ['--teacher', join(dir, 'second')],
      ['--corpus', join(dir, 'other.csv')],
      ['--cache-dir', join(dir, 'elsewhere')],
    ].map(async (flags) => {
      const worker = startWorker(t, '--queue', redis.url, '--once', '--threads', '1', ...flags)
      const [code] = await worker.end
      return { code, said: worker.said }
    }),
  )
  for (const [at, pattern] of [
    /plan [0-9a-f]{16}: expected teacher first[^,]*, got second/,
    /plan [0-9a-f]{16}: expected corpus 24 images and 48 texts, [0-9a-f]{12}, got 24 images and 48 texts, /,
    /elsewhere\/plan-[0-9a-f]{16}: expected the mark of plan [0-9a-f]{16}, .* got no such file/,
  ].entries()) {
    t.is(refusals[at]!.code, 2, refusals[at]!.said)
    t.regex(refusals[at]!.said, pattern)
  }
  const worker = startWorker(t, '--queue', redis.url, '--once', '--threads', '1')
  t.like(await run, { images: 48, texts: 48 })
  t.deepEqual(await worker.end, [0, null], worker.said)
})
