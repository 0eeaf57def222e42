/** Which share of their time steps waited for data. */
export interface WaitingShare {
  /** Takes in a step of so many milliseconds. */
  add(milliseconds: number): void
  /** Of the steps since this was last asked. */
  sinceLast(): number
  /** Of all steps; NaN where there was none. */
  whole(): number
}

/** @param waited milliseconds that steps have waited so far, of all that there were */
export function waitingShare(waited: () => number): WaitingShare {
  const first = { time: 0, waited: waited() }
  let time = 0
  let last = first
  const since = (then: typeof first) => (waited() - then.waited) / (time - then.time)
  return {
    add(milliseconds) {
      time += milliseconds
    },
    sinceLast() {
      const share = since(last)
      last = { time, waited: waited() }
      return share
    },
    whole: () => since(first),
  }
}
