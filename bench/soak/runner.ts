import { type ChildProcess, fork } from 'node:child_process'
import { nodeArguments } from '../../base/own-modules.ts'
import type { RunReply, RunRequest } from './runner-process.ts'

export interface Runner {
  /** What the command said and did; `killed` and `hung`: its process is gone, and the next command gets a new one. */
  run(request: RunRequest): Promise<RunReply | 'killed' | 'hung'>
  close(): void
}

/** How long a command on a small place may take before it counts as hanging, ms. */
const patience = 120_000

/** Runs commands in a process apart, one at a time; the process is started when it is first needed. */
export function openRunner(): Runner {
  let child: ChildProcess | undefined
  const close = () => {
    child?.kill('SIGKILL')
    child = undefined
  }
  return {
    close,
    run(request) {
      const running = (child ??= start())
      return new Promise((done) => {
        const timer = setTimeout(() => end('hung'), patience)
        const onMessage = (reply: RunReply) => end(reply)
        const onExit = () => end('killed')
        const end = (outcome: RunReply | 'killed' | 'hung') => {
          clearTimeout(timer)
          running.off('message', onMessage).off('exit', onExit)
          if (outcome === 'hung') running.kill('SIGKILL')
          if (typeof outcome === 'string') child = undefined
          done(outcome)
        }
        running.on('message', onMessage).on('exit', onExit)
        running.send(request)
      })
    },
  }
}

function start(): ChildProcess {
  return fork(new URL('./runner-process.ts', import.meta.url), {
    execArgv: nodeArguments(),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
}
