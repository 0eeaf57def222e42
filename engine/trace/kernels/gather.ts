import type { GraphBuilder, Value } from '../graph.ts'
import { axes, type Lowering } from '../lowering.ts'
import { elementwise } from './elementwise.ts'

const GatherV2: Lowering = (g, { x, indices }, { axis, batchDims }) => {
  if (batchDims) throw new Error('trace: gather with batchDims has no lowering. Flatten the batch into the indices.')
  const [along] = axes(axis, x!.shape.length) as [number]
  const shape = [...x!.shape.slice(0, along), ...indices!.shape, ...x!.shape.slice(along + 1)]
  return g.emit('Gather', [g.name(x!), g.name(indices!)], shape, x!.dtype, { axis: along })
}

/** So many rows of a table at most: their sum as a product with one-hot rows costs less than adding element by element. docs/log.md has the measurement. */
const smallTable = 128

/** The gradient of gather: rows of x are added up by segment id, x [N, …], ids [N] → [numSegments, …]. */
const UnsortedSegmentSum: Lowering = (g, { x, segmentIds }, { numSegments }) => {
  const isSmall = g.options.cpuOnly && numSegments <= smallTable && x!.shape.length === 2 && x!.dtype === 'float32'
  return isSmall ? oneHotSum(g, x!, segmentIds!, numSegments) : scatterSum(g, x!, segmentIds!, numSegments)
}

function oneHotSum(g: GraphBuilder, x: Value, ids: Value, segments: number): Value {
  const [count, width] = x.shape as [number, number]
  const values = g.constant('float32', [2], Float32Array.of(0, 1))
  const hot = g.emit('OneHot', [g.name(ids), g.scalar(segments, 'int32'), values], [segments, count], 'float32', { axis: 0 })
  return g.emit('MatMul', [hot.name, g.name(x)], [segments, width], 'float32')
}

/** Not with ScatterND: onnxruntime's threads lose additions to a row that several of them add to (microsoft/onnxruntime#23396); ScatterElements adds in order. */
function scatterSum(g: GraphBuilder, x: Value, ids: Value, segments: number): Value {
  const [count, ...rest] = x.shape as [number, ...number[]]
  const shape = [segments, ...rest]
  const beside = [count, ...rest.map(() => 1)]
  const zeros = g.emit('ConstantOfShape', [g.ints(shape)], shape, x.dtype)
  const column = g.emit('Reshape', [g.name(ids), g.ints(beside)], beside, 'int32')
  const rows = g.emit('Expand', [column.name, g.ints(x.shape)], x.shape, 'int32')
  return g.emit('ScatterElements', [zeros.name, rows.name, g.name(x)], shape, x.dtype, { axis: 0, reduction: 'add' })
}

/** onnxruntime has OneHot for int32 indices with float values only. */
const OneHot: Lowering = (g, { indices }, { depth, onValue, offValue, dtype = 'float32' }) => {
  const values = g.constant('float32', [2], Float32Array.of(offValue, onValue))
  const hot = g.emit('OneHot', [g.name(indices!), g.scalar(depth, 'int32'), values], [...indices!.shape, depth], 'float32', { axis: -1 })
  return elementwise.Cast(g, { x: hot }, { dtype })
}

export const gathering = { GatherV2, UnsortedSegmentSum, OneHot } satisfies Record<string, Lowering>
