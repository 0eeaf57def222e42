import { basename, dirname, join } from 'node:path'
import { mkdir, openToWrite, rename, rm } from '../../base/disk.ts'
import { temporaryName } from '../../base/temporary-name.ts'

export interface LineFile {
  write(text: string): Promise<void>
  finish(): Promise<void>
  discard(): Promise<void>
}

/** Characters that are gathered before they are written. */
const gathered = 1 << 16

/** A file that is written under another name until it is whole. */
export async function lineFile(file: string): Promise<LineFile> {
  await mkdir(dirname(file))
  const partial = join(dirname(file), temporaryName(basename(file)))
  const out = await openToWrite(partial, 'w')
  let waiting = ''
  let isOpen = true
  const flush = async () => {
    const text = waiting
    waiting = ''
    await out.write(text)
  }
  const close = async () => {
    if (isOpen) await out.close()
    isOpen = false
  }
  return {
    write: async (text) => {
      waiting += text
      if (waiting.length >= gathered) await flush()
    },
    finish: async () => {
      await flush()
      await out.sync()
      await close()
      await rename(partial, file)
    },
    discard: async () => {
      await close()
      await rm(partial)
    },
  }
}
