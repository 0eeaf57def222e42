import { dirname } from 'node:path'
import { mkdir, openDraft } from '../../base/disk.ts'

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
  const draft = await openDraft(file)
  let waiting = ''
  const flush = async () => {
    const text = waiting
    waiting = ''
    await draft.write(text)
  }
  return {
    write: async (text) => {
      waiting += text
      if (waiting.length >= gathered) await flush()
    },
    finish: async () => {
      await flush()
      await draft.finish()
      await draft.commit()
    },
    discard: draft.discard,
  }
}
