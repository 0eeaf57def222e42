import { type ModelBytes, reachOf } from '../../engine/onnx/model-bytes.ts'

/** A text tower's table of positions. */
export interface Positions {
  rows: number
  /** RoBERTa counts from the padding id on, over what is no padding: the first rows are never a token's. */
  fromPadding: boolean
}

/** The table of positions that outputs depend on, by its name: exporters keep that of the parameter. */
export function positionsOf(model: ModelBytes, outputs: readonly string[]): Positions | undefined {
  const { weights, operations } = reachOf(model, outputs)
  const tables = weights.filter(({ name, dims }) => /position/i.test(name) && !/relative/i.test(name) && dims.length >= 2 && dims.at(-2)! > 1)
  const [table] = tables.toSorted((a, b) => b.dims.at(-2)! - a.dims.at(-2)!)
  if (!table) return undefined
  const readers = operations.filter(({ op, inputs }) => op === 'Gather' && inputs[0] === table.name)
  const indices = readers.map(({ inputs }) => inputs[1]!)
  const fromPadding = reachOf(model, indices).operations.some(({ op }) => op === 'CumSum')
  return { rows: table.dims.at(-2)!, fromPadding }
}
