import { tf } from '../../tf.ts'
import { axes, type Lowering, reducedShape, splat } from '../lowering.ts'

/** Up to opset 17 only ReduceSum takes its axes as an input; the others have an attribute. */
const reduce =
  (op: 'ReduceSum' | 'ReduceMean' | 'ReduceMax' | 'ReduceMin'): Lowering =>
  (g, { x }, { axis, keepDims }) => {
    const over = axes(axis, x!.shape.length)
    const shape = reducedShape(x!.shape, over, keepDims ?? false)
    const count = tf.util.sizeFromShape(over.map((a) => x!.shape[a]!))
    if (x!.splat !== undefined) return splat(op === 'ReduceSum' ? x!.splat * count : x!.splat, shape, x!.dtype)
    if (over.length === 0) return x!
    const keepdims = keepDims ? 1 : 0
    if (op === 'ReduceSum') return g.emit(op, [x!.name, g.ints(over)], shape, x!.dtype, { keepdims })
    return g.emit(op, [x!.name], shape, x!.dtype, { axes: over, keepdims })
  }

const Softmax: Lowering = (g, { logits }, { dim }) => {
  const [axis] = axes(dim, logits!.shape.length)
  return g.emit('Softmax', [g.name(logits!)], logits!.shape, 'float32', { axis: axis! })
}

const argExtreme =
  (op: 'ArgMax' | 'ArgMin'): Lowering =>
  (g, { x }, { axis }) => {
    const over = axes(axis, x!.shape.length)
    const shape = reducedShape(x!.shape, over, false)
    const index = g.emit(op, [g.name(x!)], shape, 'int32', { axis: over[0]!, keepdims: 0 }) // int64 in ONNX
    return g.emit('Cast', [index.name], shape, 'int32', { to: 6 })
  }

const Cumsum: Lowering = (g, { x }, { axis, exclusive, reverse }) =>
  g.emit('CumSum', [g.name(x!), g.constant('int64', [], BigInt64Array.of(BigInt(axes(axis, x!.shape.length)[0]!)))], x!.shape, x!.dtype, {
    exclusive: exclusive ? 1 : 0,
    reverse: reverse ? 1 : 0,
  })

export const reduction = {
  Sum: reduce('ReduceSum'),
  Mean: reduce('ReduceMean'),
  Max: (g, inputs, { reductionIndices, keepDims }) => reduce('ReduceMax')(g, inputs, { axis: reductionIndices, keepDims }), // its own name for it
  Min: reduce('ReduceMin'),
  ArgMax: argExtreme('ArgMax'),
  ArgMin: argExtreme('ArgMin'),
  Softmax,
  Cumsum,
} satisfies Record<string, Lowering>
