import { elementCount } from '../../engine/onnx/dtypes.ts'
import type { Param, Params } from '../../engine/params.ts'
import type { TowerConfig } from '../../models/config.ts'
import type { DualEncoder } from '../../models/dual-encoder.ts'
import { type Gate, gatesOf } from '../../models/gates.ts'
import { survivors } from './compactors.ts'

/**
 * Takes the channels out whose compactor rows are gone: rows of the linear map before the gate and columns of the one after it. Exact: at 0 they gave 0. Heads of one layer
 * keep as many channels as the one that needs most. (CDD, arXiv 2303.09230)
 * @param model with the compactors multiplied into its weights
 * @param params that hold the compactors
 */
export function withoutClosedGates(model: DualEncoder, params: Params): DualEncoder {
  const cut: Params = { ...model.params }
  const sizesOf = (tower: 'image' | 'text') =>
    gatesOf(tower, model.config).map((gate) => {
      const kept = survivors(params, gate)
      const size = Math.max(...kept.map(({ length }) => length))
      const from = gate.channels / gate.groups
      const indices = kept.flatMap((group, g) => Array.from({ length: size }, (_, i) => (i < group.length ? g * from + group[i]! : undefined)))
      for (const name of [`${gate.before}.weight`, `${gate.before}.bias`]) cut[name] = chosen(cut[name]!, 0, indices)
      cut[`${gate.after}.weight`] = chosen(cut[`${gate.after}.weight`]!, 1, indices)
      return { gate, size }
    })
  const { vision_config: vision, text_config: text } = model.config
  const config = { ...model.config, vision_config: { ...vision, ...sized(sizesOf('image')) }, text_config: { ...text, ...sized(sizesOf('text')) } }
  return { config, params: cut }
}

/** Gates come as values, MLP, values, MLP … */
function sized(gates: { gate: Gate; size: number }[]): Pick<TowerConfig, 'intermediate_size' | 'intermediate_sizes' | 'value_sizes'> {
  const [values, hidden] = [0, 1].map((kind) => gates.filter((_, i) => i % 2 === kind).map(({ size }) => size)) as [number[], number[]]
  return { intermediate_size: Math.max(...hidden), intermediate_sizes: hidden, value_sizes: values }
}

/** Rows (axis 0) or columns (axis 1) by index, zeros where there is none. */
function chosen({ shape, data }: Param, axis: 0 | 1, indices: (number | undefined)[]): Param {
  const [rows, columns] = [shape[0]!, shape[1] ?? 1]
  const size = shape.with(axis, indices.length)
  const result = new Float32Array(elementCount(size))
  for (const [to, from] of indices.entries()) {
    if (from === undefined) continue
    if (axis === 0) result.set(data.subarray(from * columns, (from + 1) * columns), to * columns)
    else for (let row = 0; row < rows; row++) result[row * indices.length + to] = data[row * columns + from]!
  }
  return { shape: size, data: result }
}
