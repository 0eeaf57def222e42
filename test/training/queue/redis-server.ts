import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import { queueAddress } from '../../../training/queue/address.ts'
import { requireQueue } from '../../../training/queue/redis.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

/** Debian's `redis-server`, or Valkey's, which REDIS_SERVER names. */
const executable = process.env.REDIS_SERVER || 'redis-server'

/** A server of its own on loopback, gone when the test ends. Fails the test where it is not installed. */
export async function redisServer(t: ExecutionContext, settings: string[] = []) {
  if (spawnSync(executable, ['--version']).error)
    throw new Error(`no ${executable}: install it (apt-get install redis-server), or name one in REDIS_SERVER`)
  const dir = await temporaryFolder(t)
  const port = await freePort()
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'yes', ...settings]
  let server: ChildProcess
  const start = () => {
    server = spawn(executable, args, { stdio: 'ignore' })
  }
  const end = async (signal: NodeJS.Signals) => {
    if (server.exitCode !== null || server.signalCode !== null) return
    server.kill(signal)
    await once(server, 'exit')
  }
  start()
  t.teardown(() => end('SIGKILL'))
  const url = `redis://127.0.0.1:${port}`
  if (settings.length === 0) await answers(url)
  else await sleep(500)
  return {
    url,
    port,
    /** SIGKILL, and the same server again. */
    async killAndRestart() {
      await end('SIGKILL')
      start()
      await answers(url)
    },
  }
}

async function answers(url: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await requireQueue(queueAddress(url, {}))
    } catch (error) {
      if (tries === 50) throw error
      await sleep(100)
    }
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
