/** Reads changed files one after the other, in a process that may die of one; a message says which. */
import { UserError } from '../../base/errors.ts'
import { type Format, formatsIn } from './formats.ts'
import { mutate } from './mutate.ts'
import type { Place } from './place.ts'

export interface MutationRequest {
  place: Place
  dir: string
  seed: number
  from: number
  count: number
}

export type Outcome = 'read' | 'refused' | 'fault' | 'silent'
export type MutationReply = { begun: number; format: string } | { done: number; format: string; outcome: Outcome; said: string; rss: number }

process.on('disconnect', () => process.exit())
process.once('message', async ({ place, dir, seed, from, count }: MutationRequest) => {
  process.stderr.write = () => true // where a damaged checkpoint is reported
  const formats = await formatsIn(place, dir)
  for (let n = from; n < count; n++) {
    const format = formats[n % formats.length]!
    process.send!({ begun: n, format: format.name } satisfies MutationReply)
    const reply = { done: n, format: format.name, ...(await readChanged(format, seed + n)), rss: process.memoryUsage.rss() }
    process.send!(reply satisfies MutationReply)
  }
  process.exit()
})

async function readChanged({ bytes, read, isCovered }: Format, seed: number): Promise<{ outcome: Outcome; said: string }> {
  try {
    await read(mutate(bytes, seed))
    return { outcome: isCovered ? 'silent' : 'read', said: '' }
  } catch (error) {
    if (error instanceof UserError) return { outcome: 'refused', said: error.message }
    return { outcome: 'fault', said: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}
