import { Worker } from 'node:worker_threads'
import { nodeArguments, ownModule } from '../base/own-modules.ts'
import type { Augmentation } from './augment.ts'
import type { BatchReply, BatchRequest, WorkerSettings } from './augment-worker.ts'

export interface BatchItem {
  /** Of the image in the pixel cache. */
  index: number
  augmentation: Augmentation
}

/** Makes batches in other threads, ahead of the training step that takes them. */
export interface BatchLoader {
  /**
   * Asks for a batch; returns at once. Ask for step k + prefetch before computing step k.
   * @param pixels RGBA bytes [n, size, size, 4] that the items are of; default: the cache
   */
  request(items: BatchItem[], pixels?: SharedArrayBuffer): void
  /** The next batch in the order of requests: `[items.length, 3, size, size]`, CLIP-normalised. Rejects with the cause when its worker failed. */
  next(): Promise<Float32Array>
  /** Gives a batch back when the step is done with it: its memory serves a later one, and `batch` must not be read again. */
  release(batch: Float32Array): void
  /** Ends the threads; batches not yet taken are dropped. */
  close(): Promise<void>
}

export interface BatchLoaderOptions {
  /** Without a file, every request brings its pixels. */
  cache: { file?: string; size: number; count: number }
  /** Threads. Their number changes how fast batches come, never what is in them. */
  workers?: number
  /** Batches made ahead of `next`; this bounds memory, further requests wait as lists of indices. */
  prefetch?: number
}

interface Pending {
  items: BatchItem[]
  pixels?: SharedArrayBuffer
  promise: Promise<Float32Array>
  resolve: (batch: Float32Array) => void
  reject: (cause: Error) => void
}

/** Starts the threads and returns the loader. A batch depends on its request alone. */
export function batchLoader({ cache, workers = 1, prefetch = 3 }: BatchLoaderOptions): BatchLoader {
  const { file, size, count } = cache
  const plane = 3 * size * size
  const waiting: Pending[] = [] // requested, not with a worker yet
  const untaken: Pending[] = [] // requested, not asked for by next() yet
  const running = new Map<number, Pending>()
  const spare: ArrayBuffer[] = []
  let made = 0 // batches given to a worker
  let taken = 0 // batches asked for by next()
  let failure: Error | undefined

  const threads = Array.from({ length: workers }, () => start({ file, size }))
  const idle = [...threads]
  for (const thread of threads) {
    thread.on('message', ({ id, buffer, error }: BatchReply) => {
      const pending = running.get(id)
      if (!pending) return // closed while the worker was at it
      running.delete(id)
      idle.push(thread)
      if (error) pending.reject(new Error(`batch loader: batch ${id} failed: ${error.message}`, { cause: error }))
      else pending.resolve(new Float32Array(buffer, 0, pending.items.length * plane))
      dispatch()
    })
    thread.on('error', (cause) => fail(new Error(`batch loader: a worker failed: ${messageOf(cause)}`, { cause })))
    thread.on('exit', (code) => fail(new Error(`batch loader: a worker ended with code ${code}`)))
  }

  function dispatch(): void {
    while (idle.length > 0 && waiting.length > 0 && made < taken + prefetch) {
      const pending = waiting.shift()!
      const id = made++
      running.set(id, pending)
      const buffer = take(pending.items.length * plane * 4)
      const message: BatchRequest = { id, items: pending.items, pixels: pending.pixels, buffer }
      idle.shift()!.postMessage(message, [buffer])
    }
  }

  function take(bytes: number): ArrayBuffer {
    const found = spare.findIndex((buffer) => buffer.byteLength >= bytes)
    return found < 0 ? new ArrayBuffer(bytes) : spare.splice(found, 1)[0]!
  }

  function fail(cause: Error): void {
    failure ??= cause
    for (const pending of [...running.values(), ...waiting]) pending.reject(failure)
    running.clear()
    waiting.length = 0
  }

  return {
    request(items, pixels) {
      const most = pixels ? pixels.byteLength / (4 * size * size) : count
      const wrong = items.find(({ index }) => !(Number.isInteger(index) && index >= 0 && index < most))
      if (wrong) throw new RangeError(`batch loader: image ${wrong.index} of ${most} (${file ?? 'in memory'})`)
      const pending = pend(items, pixels)
      // A failure may come before next() asks; it is reported there.
      pending.promise.catch(() => {})
      untaken.push(pending)
      if (failure) return pending.reject(failure)
      waiting.push(pending)
      dispatch()
    },
    next() {
      const pending = untaken.shift()
      if (!pending) return Promise.reject(failure ?? new Error('batch loader: next() without a request'))
      taken++
      dispatch()
      return pending.promise
    },
    release(batch) {
      const { buffer } = batch
      if (!(buffer instanceof ArrayBuffer) || buffer.byteLength === 0 || spare.includes(buffer)) return
      if (spare.length <= prefetch) spare.push(buffer)
    },
    async close() {
      fail(new Error('batch loader: closed'))
      await Promise.all(threads.map((thread) => thread.terminate()))
    },
  }
}

function pend(items: BatchItem[], pixels?: SharedArrayBuffer): Pending {
  let settle: Pick<Pending, 'resolve' | 'reject'> | undefined
  const promise = new Promise<Float32Array>((resolve, reject) => {
    settle = { resolve, reject }
  })
  return { items, pixels, promise, ...settle! }
}

function start(settings: WorkerSettings): Worker {
  return new Worker(ownModule('corpora/augment-worker'), { workerData: settings, execArgv: nodeArguments() })
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
