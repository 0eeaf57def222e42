/** Has something closed at the end; returns it. */
export type CloseLater = <T>(opened: T, close: (opened: T) => unknown) => T

/** Runs `work`. What it opened and handed to `closeLater` is closed when it ends, however it ends, the last first. */
export async function closing<T>(work: (closeLater: CloseLater) => Promise<T>): Promise<T> {
  const closers: (() => unknown)[] = []
  try {
    return await work((opened, close) => {
      closers.push(() => close(opened))
      return opened
    })
  } finally {
    for (const close of closers.toReversed()) await close()
  }
}
