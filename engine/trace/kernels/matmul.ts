import { tf } from '../../tf.ts'
import type { GraphBuilder, Value } from '../graph.ts'
import type { Lowering } from '../lowering.ts'

const BatchMatMul: Lowering = (g, { a, b }, { transposeA, transposeB }) => {
  const [m] = (transposeA ? a!.shape.slice(-1) : a!.shape.slice(-2)) as [number]
  const [n] = (transposeB ? b!.shape.slice(-2) : b!.shape.slice(-1)) as [number]
  const batch = tf.backend_util.assertAndGetBroadcastShape(a!.shape.slice(0, -2), b!.shape.slice(0, -2))
  const shape = [...batch, m, n]
  if (!transposeA && !transposeB) return g.emit('MatMul', [g.name(a!), g.name(b!)], shape, 'float32')
  if (g.options.cpuOnly) {
    const flags = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0, alpha: { float: 1 } }
    return g.emit('FusedMatMul', [g.name(a!), g.name(b!)], shape, 'float32', flags, 'com.microsoft')
  }
  const left = transposeA ? swapLast(g, a!) : g.name(a!)
  const right = transposeB ? swapLast(g, b!) : g.name(b!)
  return g.emit('MatMul', [left, right], shape, 'float32')
}

/** Transposes the last two axes; the export folds it into the weight when `value` is an initializer. */
function swapLast(g: GraphBuilder, value: Value): string {
  const rank = value.shape.length
  const perm = Array.from({ length: rank }, (_, i) => (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i))
  return g.emit(
    'Transpose',
    [g.name(value)],
    perm.map((axis) => value.shape[axis]!),
    value.dtype,
    { perm },
  ).name
}

export const matmul = { BatchMatMul } satisfies Record<string, Lowering>
