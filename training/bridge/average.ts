import type { Params } from '../../engine/params.ts'

const prefix = 'average.'

/**
 * Adds to parameters a moving average of each, which is what is kept of them: a ← d·a + (1 − d)·p with d = min(0.99, (t + 1)/(t + 10)) after step t. It stands among the
 * parameters, so that a checkpoint holds it.
 */
export function withAverage(params: Params): { all: Params; update(step: number): void } {
  const averages = Object.fromEntries(Object.entries(params).map(([name, { shape, data }]) => [prefix + name, { shape, data: data.slice() }]))
  return {
    all: { ...params, ...averages },
    update(step) {
      const keep = Math.min(0.99, (step + 1) / (step + 10))
      for (const [name, { data }] of Object.entries(params)) {
        const average = averages[prefix + name]!.data
        for (let i = 0; i < data.length; i++) average[i] = keep * average[i]! + (1 - keep) * data[i]!
      }
    },
  }
}

/** The averages of `withAverage`, under the parameters' own names. */
export function averagesOf(all: Params): Params {
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, param]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), param] as const] : [])),
  )
}
