import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openToWrite, rm, truncate, type Writer } from '../../base/disk.ts'
import { encodeEvent, stepOfEvent } from './event-proto.ts'
import { decodeRecords, encodeRecord } from './records.ts'

/** Where a run's numbers go while it trains, besides log.jsonl. */
export interface LogMirror {
  write(line: Record<string, number>): Promise<void>
  close(): Promise<void>
}

/** What names of event files begin with: TensorBoard finds them by it. */
export const eventPrefix = 'events.out.tfevents.'

/**
 * Opens a TensorBoard event file in a run's folder; each log line becomes one event of scalars.
 * A resumed run has a file of its own: what earlier ones hold beyond `start` is cut off, so that no step stands there twice, and an
 * event (SessionLog.START) makes a TensorBoard that has read it forget it.
 * @param start step that the run goes on from; at 0 earlier files are deleted
 * @param tag names a number on TensorBoard's page; what stands before a slash groups
 */
export async function openEventFile(dir: string, start: number, tag: (name: string) => string): Promise<LogMirror> {
  for (const name of (await readdir(dir)).filter((name) => name.startsWith(eventPrefix))) {
    const file = join(dir, name)
    if (start === 0) await rm(file)
    else await cutAfter(file, start)
  }
  const file = await create(dir)
  const append = (event: Parameters<typeof encodeEvent>[0]) => file.write(encodeRecord(encodeEvent(event)))
  await append({ wallTime: Date.now() / 1000, fileVersion: 'brain.Event:2' })
  if (start > 0) await append({ wallTime: Date.now() / 1000, step: start + 1, sessionLog: { status: 1 } })
  return {
    async write({ step, ...numbers }) {
      const value = Object.entries(numbers).map(([name, number]) => ({ tag: tag(name), simpleValue: number }))
      await append({ wallTime: Date.now() / 1000, step, summary: { value } })
    },
    close: () => file.close(),
  }
}

/** Steps come in order: from the first that is too late on, and from a record that a killed process left unfinished, nothing stays. */
async function cutAfter(file: string, step: number): Promise<void> {
  const bytes = await readFile(file)
  let end = 0
  for (const { at, data } of decodeRecords(bytes)) {
    if (stepOfEvent(data) > step) break
    end = at + encodeRecord(data).length
  }
  await truncate(file, end)
}

/** TensorBoard reads the files of a folder in order of their names: the time stands first. */
async function create(dir: string): Promise<Writer> {
  let seconds = Math.floor(Date.now() / 1000)
  const name = () => join(dir, `${eventPrefix}${seconds}.distilingual`)
  while (existsSync(name())) seconds++
  return openToWrite(name(), 'wx')
}
