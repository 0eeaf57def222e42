import type { Param, Params } from '../../engine/params.ts'
import { tf } from '../../engine/tf.ts'
import type { Tensors } from '../../engine/trace/trace.ts'
import type { Gate } from '../../models/gates.ts'

/** Below this length a row counts as gone. */
const gone = 1e-5

/** The compactor Q of a gate: [groups, c, c]; its rows are the gate's channels, group by group. */
export const compactorOf = ({ before }: Gate) => `compactor.${before}.weight`
/** 1 for channels that may learn, 0 for those that were found useless. [C] */
export const maskOf = ({ before }: Gate) => `compactor.${before}.mask`

/** Identities, with which a model computes what it computed without, and masks of ones. */
export function createCompactors(gates: readonly Gate[]): Params {
  const params: Params = {}
  for (const gate of gates) {
    const { groups, channels } = gate
    const size = channels / groups // c
    const data = new Float32Array(groups * size * size)
    for (let row = 0; row < channels; row++) data[row * size + (row % size)] = 1
    params[compactorOf(gate)] = { shape: [groups, size, size], data }
    params[maskOf(gate)] = { shape: [channels], data: new Float32Array(channels).fill(1) }
  }
  return params
}

/**
 * Parameters with every compactor multiplied into the linear map before it, W' = Q·W and b' = Q·b, head by head in attention: the same function as with Q
 * between two maps, and with the same gradients, at a price that does not grow with the tokens (CDD, arXiv 2303.09230). Without compactors: `params` itself.
 */
export function compacted(params: Tensors, gates: readonly Gate[]): Tensors {
  const folded: Tensors = {}
  for (const gate of gates) {
    const matrix = params[compactorOf(gate)]
    if (!matrix) continue
    const [groups, size] = matrix.shape as [number, number]
    for (const name of [`${gate.before}.weight`, `${gate.before}.bias`]) {
      const part = params[name]!
      folded[name] = tf.reshape(tf.matMul(matrix, tf.reshape(part, [groups, size, -1])), part.shape)
    }
  }
  return { ...params, ...folded }
}

/** |Q_i|₂ of every row. [C] */
export function rowLengths({ shape, data }: Param): Float64Array {
  const size = shape[2]!
  return Float64Array.from({ length: data.length / size }, (_, row) => {
    let sum = 0
    for (let i = row * size; i < (row + 1) * size; i++) sum += data[i]! ** 2
    return Math.sqrt(sum)
  })
}

/** Channels that are left, group by group, as indices within the group: at least one in each, the longest row where all are gone. */
export function survivors(params: Params, gate: Gate): number[][] {
  const lengths = rowLengths(params[compactorOf(gate)]!)
  const size = gate.channels / gate.groups
  return Array.from({ length: gate.groups }, (_, group) => {
    const rows = [...lengths.subarray(group * size, (group + 1) * size)]
    const left = rows.flatMap((length, i) => (length >= gone ? [i] : []))
    return left.length > 0 ? left : [rows.indexOf(Math.max(...rows))]
  })
}
