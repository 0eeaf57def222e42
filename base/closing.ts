/** Has something closed later; returns it. */
export type CloseLater = <T>(opened: T, close: (opened: T) => unknown) => T

/** Runs `work`. What it opened and handed to `closeLater` is closed when it ends, however it ends, the last first. */
export async function closing<T>(work: (closeLater: CloseLater) => Promise<T>): Promise<T> {
  const { result, closeAll } = await opening(async (closeLater, closeAll) => ({ result: await work(closeLater), closeAll }))
  await closeAll()
  return result
}

/** Runs `work`, which opens several things. Where it fails, those that are open already are closed, the last first; else `closeAll` does it. */
export async function opening<T>(work: (closeLater: CloseLater, closeAll: () => Promise<void>) => Promise<T>): Promise<T> {
  const closers: (() => unknown)[] = []
  const closeAll = async () => {
    for (const close of closers.toReversed()) await close()
  }
  const closeLater: CloseLater = (opened, close) => {
    closers.push(() => close(opened))
    return opened
  }
  try {
    return await work(closeLater, closeAll)
  } catch (error) {
    await closeAll()
    throw error
  }
}
