import { axes, type Lowering } from '../lowering.ts'
import { elementwise } from './elementwise.ts'

const GatherV2: Lowering = (g, { x, indices }, { axis, batchDims }) => {
  if (batchDims) throw new Error('trace: gather with batchDims has no lowering. Flatten the batch into the indices.')
  const [along] = axes(axis, x!.shape.length) as [number]
  const shape = [...x!.shape.slice(0, along), ...indices!.shape, ...x!.shape.slice(along + 1)]
  return g.emit('Gather', [g.name(x!), g.name(indices!)], shape, x!.dtype, { axis: along })
}

/**
 * The gradient of gather: rows of x are added up by segment id, x [N, …], ids [N] → [numSegments, …]. Not with ScatterND: onnxruntime's threads
 * lose additions to a row that several of them add to (microsoft/onnxruntime#23396); ScatterElements adds in order.
 */
const UnsortedSegmentSum: Lowering = (g, { x, segmentIds }, { numSegments }) => {
  const [count, ...rest] = x!.shape as [number, ...number[]]
  const shape = [numSegments, ...rest]
  const beside = [count, ...rest.map(() => 1)]
  const zeros = g.emit('ConstantOfShape', [g.ints(shape)], shape, x!.dtype)
  const column = g.emit('Reshape', [g.name(segmentIds!), g.ints(beside)], beside, 'int32')
  const rows = g.emit('Expand', [column.name, g.ints(x!.shape)], x!.shape, 'int32')
  return g.emit('ScatterElements', [zeros.name, rows.name, g.name(x!)], shape, x!.dtype, { axis: 0, reduction: 'add' })
}

/** onnxruntime has OneHot for int32 indices with float values only. */
const OneHot: Lowering = (g, { indices }, { depth, onValue, offValue, dtype = 'float32' }) => {
  const values = g.constant('float32', [2], Float32Array.of(offValue, onValue))
  const hot = g.emit('OneHot', [g.name(indices!), g.scalar(depth, 'int32'), values], [...indices!.shape, depth], 'float32', { axis: -1 })
  return elementwise.Cast(g, { x: hot }, { dtype })
}

export const gathering = { GatherV2, UnsortedSegmentSum, OneHot } satisfies Record<string, Lowering>
