/** The process behind decodeApart: decodes one picture at a time, and ends itself where one takes more memory than it may. */
import sharp from 'sharp'
import { decodeBytes, type Fit } from './decode.ts'
import type { Framing } from './framing.ts'

export interface DecodeRequest {
  bytes: Uint8Array
  size: number
  fit: Fit
  framing: Framing
  /** Bytes that the process may hold. */
  memory: number
}

export type DecodeReply = { started: true } | { rgba: Uint8Array } | { error: string } | { tooLarge: number }

/** How often the memory is looked at, ms. */
const interval = 50

if (process.send) serve()

function serve(): void {
  const send = (reply: DecodeReply, sent: () => void = () => {}) => void process.send!(reply, undefined, undefined, sent)
  sharp.concurrency(1)
  sharp.cache(false)
  const end = () => process.kill(process.pid, 'SIGKILL') // an orderly end waits for the thread that decodes
  process.on('SIGINT', () => {}) // meant for the command, which ends this process, too
  process.on('disconnect', end)
  process.on('message', async ({ bytes, size, fit, framing, memory }: DecodeRequest) => {
    send({ started: true })
    const watch = setInterval(() => {
      if (process.memoryUsage.rss() > memory) send({ tooLarge: memory }, end)
    }, interval)
    const reply = await decodeBytes(bytes, size, fit, framing).then(
      (rgba): DecodeReply => ({ rgba }),
      (error: Error): DecodeReply => ({ error: error.message }),
    )
    clearInterval(watch)
    send(reply)
  })
}
