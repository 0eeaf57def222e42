import { elementCount } from '../engine/onnx/dtypes.ts'
import type { Param } from '../engine/params.ts'

/** Indices along one axis, ascending. */
export type Selection = number[]

/** The `keep` largest of the scores, in their order; of equal ones the first. */
export function selectLargest(scores: number[], keep: number): Selection {
  return Array.from(scores.keys())
    .sort((a, b) => scores[b]! - scores[a]! || a - b)
    .slice(0, keep)
    .sort((a, b) => a - b)
}

/** Root mean square of every slice along an axis. */
export function rms({ shape, data }: Param, axis: number): number[] {
  const size = shape[axis]!
  const inner = elementCount(shape.slice(axis + 1))
  const sums = new Float64Array(size)
  for (let i = 0; i < data.length; i++) sums[Math.floor(i / inner) % size]! += data[i]! ** 2
  return Array.from(sums, (sum) => Math.sqrt(sum / (data.length / size)))
}

/** Takes selected indices along the leading axes; an axis without a selection stays whole. */
export function slice({ shape, data }: Param, axes: (Selection | undefined)[]): Param {
  let result: Param = { shape: [...shape], data: data.slice() }
  for (const [axis, chosen] of axes.entries()) if (chosen) result = take(result, axis, chosen)
  return result
}

function take({ shape, data }: Param, axis: number, chosen: Selection): Param {
  const inner = elementCount(shape.slice(axis + 1))
  const outer = elementCount(shape.slice(0, axis))
  const size = shape[axis]!
  const taken = new Float32Array(outer * chosen.length * inner)
  for (let o = 0; o < outer; o++) {
    for (const [i, index] of chosen.entries()) {
      const from = (o * size + index) * inner
      taken.set(data.subarray(from, from + inner), (o * chosen.length + i) * inner)
    }
  }
  return { shape: shape.with(axis, chosen.length), data: taken }
}
