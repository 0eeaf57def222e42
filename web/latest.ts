/**
 * Runs `work` for the newest input only: while one run is going on, of all inputs that come in the last one waits for it.
 * Typing then never queues up behind the model.
 */
export function latest<Input>(work: (input: Input) => Promise<void>): (input: Input) => void {
  let waiting: { input: Input } | undefined
  let running = false
  return async (input) => {
    waiting = { input }
    if (running) return
    running = true
    try {
      while (waiting) {
        const { input } = waiting as { input: Input }
        waiting = undefined
        await work(input)
      }
    } finally {
      running = false
    }
  }
}
