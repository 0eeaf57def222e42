import { once } from 'node:events'
import { join } from 'node:path'
import { type Pack, pack } from 'tar-stream'
import { mkdir, rename, writeStream } from '../../base/disk.ts'
import type { Split } from '../sample.ts'
import { endingOf } from './picture-path.ts'
import type { Writer } from './writer.ts'

/** Bytes of a shard, after which the next one begins. */
const shardBytes = 500e6

interface Shard {
  tar: Pack
  bytes: number
  closed: Promise<unknown>
  file: string
}

/** A folder of tars, `train-00000.tar` …: `KEY.jpg` and `KEY.json` with captions by language, class and group. */
export function webDatasetWriter(folder: string): Writer {
  const open = new Map<Split, Shard>()
  const counts = new Map<Split, number>()
  let images = 0
  const begin = async (split: Split): Promise<Shard> => {
    await mkdir(folder)
    const number = counts.get(split) ?? 0
    counts.set(split, number + 1)
    const file = join(folder, `${split}-${String(number).padStart(5, '0')}.tar`)
    const tar = pack()
    const shard = { tar, bytes: 0, file, closed: once(tar.pipe(writeStream(`${file}.partial`)), 'close') }
    open.set(split, shard)
    return shard
  }
  const end = async ({ tar, closed, file }: Shard) => {
    tar.finalize()
    await closed
    await rename(`${file}.partial`, file)
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
      await entry(shard.tar, `${key}.${await endingOf(bytes)}`, bytes)
      await entry(shard.tar, `${key}.json`, json)
      shard.bytes += bytes.length + json.length
    },
    async finish() {
      for (const shard of open.values()) await end(shard)
    },
  }
}

function entry(tar: Pack, name: string, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    tar.entry({ name, mtime: new Date(0) }, bytes, (error) => (error ? reject(error) : resolve()))
  })
}
