import { join } from 'node:path'
import { type Pack, pack } from 'tar-stream'
import { mkdir, openToWrite } from '../../base/disk.ts'
import type { Split } from '../sample.ts'
import { endingOf } from './pictures.ts'
import type { Writer } from './writer.ts'

/** Bytes of a shard, after which the next one begins. */
const shardBytes = 500e6

interface Shard {
  tar: Pack
  bytes: number
  /** Settles when all of it is written, or the file cannot be opened. */
  written: Promise<void>
  /** What a write failed with. */
  failure?: Error
}

/** A new folder of tars, `train-00000.tar` …: `KEY.jpg` and `KEY.json` with captions by language, class and group. */
export function webDatasetWriter(folder: string): Writer {
  const open = new Map<Split, Shard>()
  const counts = new Map<Split, number>()
  let images = 0
  const begin = async (split: Split): Promise<Shard> => {
    await mkdir(folder)
    const number = counts.get(split) ?? 0
    counts.set(split, number + 1)
    const tar = pack()
    const shard: Shard = { tar, bytes: 0, written: Promise.resolve() }
    shard.written = write(shard, join(folder, `${split}-${String(number).padStart(5, '0')}.tar`))
    shard.written.catch(() => {}) // reported where the next entry is put
    open.set(split, shard)
    return shard
  }
  const end = async ({ tar, written }: Shard) => {
    tar.finalize()
    await written
  }
  return {
    async add({ image, captions, classId, group }, split) {
      const bytes = Buffer.from(await image.read())
      let shard = open.get(split)
      if (shard && shard.bytes + bytes.length > shardBytes) {
        await end(shard)
        shard = undefined
      }
      shard ??= await begin(split)
      const key = String(images++).padStart(8, '0')
      const json = Buffer.from(JSON.stringify({ captions, class: classId, group }))
      await put(shard, `${key}.${await endingOf(bytes)}`, bytes)
      await put(shard, `${key}.json`, json)
      shard.bytes += bytes.length + json.length
    },
    async finish() {
      for (const shard of open.values()) await end(shard)
    },
    async discard() {
      for (const { tar, written } of open.values()) {
        tar.destroy()
        await written.catch(() => {})
      }
    },
  }
}

/** A tar that is not read to its end takes no more: after a failure the rest is dropped. */
async function write(shard: Shard, file: string): Promise<void> {
  const out = await openToWrite(file, 'w')
  try {
    for await (const chunk of shard.tar as AsyncIterable<Buffer>) {
      if (shard.failure) continue
      await out.write(chunk).catch((error: Error) => {
        shard.failure = error
      })
    }
    if (shard.failure) throw shard.failure
    await out.sync()
  } finally {
    await out.close()
  }
}

/** A file that cannot be opened asks for nothing: what is put into its tar would wait for ever. */
function put({ tar, written, failure }: Shard, name: string, bytes: Buffer): Promise<void> {
  if (failure) throw failure
  const taken = new Promise<void>((resolve, reject) => {
    tar.entry({ name, mtime: new Date(0) }, bytes, (error) => (error ? reject(error) : resolve()))
  })
  return Promise.race([taken, written])
}
