/** Runs tensor functions compiled and eagerly: the eager result of tfjs' cpu backend is the oracle for the compiled one. */
import type { ExecutionContext } from 'ava'
import { normal, random } from '../../base/random.ts'
import { compile } from '../../engine/compile.ts'
import type { Numbers } from '../../engine/runtime.ts'
import type { InputSpecs, TensorFunction } from '../../engine/trace/trace.ts'

export type Feeds = Record<string, Numbers>
export type Results = Record<string, Float32Array>

export const threads = 1 // tests run side by side

export async function compiled(fn: TensorFunction, specs: InputSpecs, feeds: Feeds): Promise<Results> {
  const step = await compile(fn, specs, { threads })
  const results = await step.run(feeds)
  await step.release()
  return results
}

export async function eager(fn: TensorFunction, specs: InputSpecs, feeds: Feeds): Promise<Results> {
  const step = await compile(fn, specs, { engine: 'tfjs' })
  return step.run(feeds)
}

/** Standard normal numbers, or ids below 4 for int32 inputs, the same for the same seed. */
export function feedsFor(specs: InputSpecs, seed: number): Feeds {
  return Object.fromEntries(
    Object.entries(specs).map(([name, { dtype, shape }], i) => {
      const next = random(seed, i)
      const length = shape.reduce((product, dim) => product * dim, 1)
      return [name, dtype === 'int32' ? Int32Array.from({ length }, () => Math.floor(4 * next())) : gaussian(length, seed, i)]
    }),
  )
}

export function gaussian(length: number, ...seed: number[]): Float32Array {
  const next = random(...seed)
  return Float32Array.from({ length }, () => normal(next))
}

/** Largest |got − want| / max(1, |want|); infinite when lengths differ or one is NaN and the other is not. */
export function worst(got: ArrayLike<number>, want: ArrayLike<number>): number {
  if (got.length !== want.length) return Number.POSITIVE_INFINITY
  let most = 0
  for (let i = 0; i < want.length; i++) {
    if (Object.is(got[i], want[i])) continue // equal infinities, NaN twice
    const difference = Math.abs(got[i]! - want[i]!) / Math.max(1, Math.abs(want[i]!))
    most = Math.max(most, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference)
  }
  return most
}

export function close(t: ExecutionContext, got: ArrayLike<number>, want: ArrayLike<number>, tolerance: number, what: string): void {
  const difference = worst(got, want)
  t.true(difference <= tolerance, `${what}: off by ${difference}, got ${shown(got)}, want ${shown(want)}`)
}

/** Compiled equals eager on every output; returns the eager outputs. */
export async function agree(t: ExecutionContext, fn: TensorFunction, specs: InputSpecs, feeds: Feeds, tolerance = 1e-5): Promise<Results> {
  const want = await eager(fn, specs, feeds)
  const got = await compiled(fn, specs, feeds)
  t.deepEqual(Object.keys(got), Object.keys(want))
  for (const name of Object.keys(want)) close(t, got[name]!, want[name]!, tolerance, name)
  return want
}

function shown(numbers: ArrayLike<number>): string {
  return `${numbers.length} numbers [${Array.from(numbers).slice(0, 6).join(', ')} …]`
}
