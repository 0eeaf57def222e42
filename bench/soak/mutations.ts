import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { nodeArguments } from '../../base/own-modules.ts'
import type { MutationReply, Outcome } from './mutation-process.ts'
import type { Place } from './place.ts'

/** What became of changed files; `crash`: the process died, `hang`: it took longer than ten seconds. */
export interface Mutations {
  counts: Record<string, Partial<Record<Outcome | 'crash' | 'hang', number>>>
  /** All that may not be, each with its number: `seed + number` makes the same bytes again. */
  faults: { number: number; format: string; outcome: string; said: string }[]
  /** Bytes that the process held at most. */
  memory: number
}

const longest = 10_000

/** Reads `count` changed files of all formats in turn. A process that dies of one is started again behind it. */
export async function readMutations(place: Place, { seed, count }: { seed: number; count: number }): Promise<Mutations> {
  const found: Mutations = { counts: {}, faults: [], memory: 0 }
  for (let from = 0; from < count; ) from = await part(place, found, { seed, from, count })
  return found
}

/** → the number after the last file that was read. */
function part({ dir }: Place, found: Mutations, request: { seed: number; from: number; count: number }): Promise<number> {
  const child = start()
  let at = request.from
  let format = 'start'
  let timer: NodeJS.Timeout | undefined
  let isHanging = false
  let hasBegun = false
  const note = (number: number, outcome: Outcome | 'crash' | 'hang', said: string) => {
    const row = (found.counts[format] ??= {})
    row[outcome] = (row[outcome] ?? 0) + 1
    if (outcome !== 'read' && outcome !== 'refused') found.faults.push({ number, format, outcome, said })
  }
  return new Promise((done, fail) => {
    child.on('message', (reply: MutationReply) => {
      clearTimeout(timer)
      hasBegun = true
      format = reply.format
      if ('begun' in reply) {
        at = reply.begun
        timer = setTimeout(() => {
          isHanging = true
          child.kill('SIGKILL')
        }, longest)
      } else {
        note(reply.done, reply.outcome, reply.said)
        at = reply.done + 1
        found.memory = Math.max(found.memory, reply.rss)
      }
    })
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      if (!hasBegun) return fail(new Error(`the process that reads changed files ended before it began: ${code ?? signal}`))
      if (at >= request.count) return done(at)
      note(at, isHanging ? 'hang' : 'crash', `${code ?? signal}`)
      done(at + 1)
    })
    child.send({ place: { dir }, dir: join(dir, `changed-${request.from}`), ...request })
  })
}

function start(): ChildProcess {
  return fork(new URL('./mutation-process.ts', import.meta.url), {
    execArgv: nodeArguments(),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
}
