import { AsyncLocalStorage } from 'node:async_hooks'

/** How far a part of the work is. */
export interface ProgressEvent {
  /** What is done: `decode`, `teacher features`, `stage 1`. */
  label: string
  done: number
  total: number
  /** What is counted: `images`, `steps`. */
  unit: string
  /** What else there is to say: the loss. */
  note?: string
}

/** What a program that calls a function of this package hears of it, and how it calls it off. */
export interface Watch {
  onProgress?: (event: ProgressEvent) => void
  /** Gets what a command would print to stderr beside its progress, a line at a time. */
  onNotice?: (line: string) => void
  /** Aborted, the work ends with the signal's reason; a training writes a checkpoint first, and goes on from it with `resume`. */
  signal?: AbortSignal
}

const watches = new AsyncLocalStorage<Watch>()

/**
 * Runs `work` so that progress and notices within it go to `watch` and not to the terminal.
 * @throws the signal's reason, once it is aborted
 */
export async function watched<T>(watch: Watch, work: () => Promise<T>): Promise<T> {
  watch.signal?.throwIfAborted()
  try {
    return await watches.run(watch, work)
  } catch (error) {
    watch.signal?.throwIfAborted()
    throw error
  }
}

/** Runs `work` to its end whatever the signal says; progress is heard as before. */
export function toItsEnd<T>(work: () => Promise<T>): Promise<T> {
  const watch = watches.getStore()
  return watch ? watches.run({ ...watch, signal: undefined }, work) : work()
}

/** Who watches; undefined for a command, whose terminal does. */
export function currentWatch(): Watch | undefined {
  return watches.getStore()
}

/** Tells whoever watches, else stderr. */
export function notice(text: string): void {
  const watch = currentWatch()
  if (!watch) process.stderr.write(`${text}\n`)
  else for (const line of text.split('\n')) watch.onNotice?.(line)
}
