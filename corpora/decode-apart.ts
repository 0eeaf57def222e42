import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { nodeArguments, ownModule } from '../base/own-modules.ts'
import type { DecodeReply, DecodeRequest } from './decode-process.ts'

/** What decoding one picture may take. */
const limits = { seconds: 10, memory: 2e9 }

/** Has pictures be given up that take longer, in seconds; for the whole process. */
export function setImageTimeout(seconds: number): void {
  limits.seconds = seconds
}

interface Waiting {
  request: Omit<DecodeRequest, 'memory'>
  resolve(rgba: Uint8Array): void
  reject(error: Error): void
}

const most = Math.min(4, availableParallelism())
const waiting: Waiting[] = []
const idle: ChildProcess[] = []
let running = 0

/**
 * Decodes as decodeBytes does, in a process of its own, which is ended where a picture takes too long or too much memory: what hangs in the libraries
 * below cannot be stopped otherwise. The next picture gets another one. Rejects with why there is no picture.
 */
export function decodeApart(request: Omit<DecodeRequest, 'memory'>): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    waiting.push({ request, resolve, reject })
    dispatch()
  })
}

function dispatch(): void {
  while (waiting.length > 0 && (idle.length > 0 || running < most)) decodeIn(idle.pop() ?? start(), waiting.shift()!)
}

function decodeIn(child: ChildProcess, { request, resolve, reject }: Waiting): void {
  let timer: NodeJS.Timeout | undefined
  let why = 'its decoder ended'
  const finish = (): void => {
    clearTimeout(timer)
    child.off('message', onMessage).off('exit', onExit).off('error', onExit)
    hold(child, false)
    if (child.exitCode === null && child.signalCode === null) idle.push(child)
    dispatch()
  }
  const onExit = (): void => {
    finish()
    reject(new Error(why))
  }
  const onMessage = (reply: DecodeReply): void => {
    if ('started' in reply) {
      timer = setTimeout(() => {
        why = `it took longer than ${limits.seconds} s (--image-timeout)`
        child.kill('SIGKILL')
      }, limits.seconds * 1000)
    } else if ('tooLarge' in reply) why = `it took more than ${reply.tooLarge / 1e9} GB of memory`
    else {
      finish()
      if ('rgba' in reply) resolve(reply.rgba)
      else reject(new Error(reply.error))
    }
  }
  child.on('message', onMessage).on('exit', onExit).on('error', onExit)
  hold(child, true)
  child.send({ ...request, memory: limits.memory } satisfies DecodeRequest)
}

/** Whether this process waits for the child; one that is idle ends with it. */
function hold(child: ChildProcess, busy: boolean): void {
  const name = busy ? 'ref' : 'unref'
  child[name]()
  child.channel?.[name]()
}

function start(): ChildProcess {
  running++
  const child = fork(ownModule('corpora/decode-process'), { serialization: 'advanced', execArgv: nodeArguments() })
  child.once('exit', () => {
    running--
    const place = idle.indexOf(child)
    if (place >= 0) idle.splice(place, 1)
  })
  return child
}
