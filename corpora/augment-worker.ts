/** The thread behind a batch loader: reads decoded images, augments them, hands the buffer back. */
import { closeSync, openSync, readSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { type Augmentation, applyAugmentation } from './augment.ts'

export interface WorkerSettings {
  /** Decoded images; absent where every request brings its own. */
  file?: string
  /** Side of an image in pixels. */
  size: number
}

export interface BatchRequest {
  id: number
  items: { index: number; augmentation: Augmentation }[]
  /** Decoded images that indices are of; default: those of the file. */
  pixels?: SharedArrayBuffer
  /** At least `items.length · 3 · size · size` floats. */
  buffer: ArrayBuffer
}

export interface BatchReply {
  id: number
  buffer: ArrayBuffer
  /** Set when the batch failed. */
  error?: Error
}

if (parentPort) serve(parentPort, workerData as WorkerSettings)

function serve(port: NonNullable<typeof parentPort>, { file, size }: WorkerSettings): void {
  const fd = file === undefined ? -1 : openSync(file, 'r')
  const rgba = new Uint8Array(size * size * 4)
  port.on('message', ({ id, items, pixels, buffer }: BatchRequest) => {
    const reply: BatchReply = { id, buffer }
    try {
      const out = new Float32Array(buffer)
      let offset = 0
      for (const { index, augmentation } of items) {
        if (pixels) rgba.set(new Uint8Array(pixels, index * rgba.length, rgba.length))
        else if (readSync(fd, rgba, 0, rgba.length, index * rgba.length) !== rgba.length) {
          throw new Error(`${file} ends inside image ${index}: it was cut short or replaced; delete it to build it again`)
        }
        applyAugmentation(rgba, size, augmentation, out, offset)
        offset += 3 * size * size
      }
    } catch (error) {
      reply.error = error instanceof Error ? error : new Error(String(error))
    }
    port.postMessage(reply, [buffer])
  })
  port.on('close', () => file !== undefined && closeSync(fd))
}
