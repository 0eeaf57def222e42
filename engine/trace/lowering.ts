import { tf } from '../tf.ts'
import type { GraphBuilder, TfDType, Value } from './graph.ts'

type Inputs = Record<string, Value>
// biome-ignore lint/suspicious/noExplicitAny: each kernel knows its own attributes; tfjs types them as a loose map
type Attrs = any

/** How one tfjs kernel becomes ONNX nodes. */
export type Lowering = (g: GraphBuilder, inputs: Inputs, attrs: Attrs) => Value | Value[]

export function splat(value: number, shape: number[], dtype: TfDType): Value {
  return { name: '', shape, dtype, splat: value }
}

/** `axis` as tfjs allows it (number, list, null, negative) → list of non-negative axes; null = all. */
export function axes(axis: number | number[] | null | undefined, rank: number): number[] {
  const list = axis == null ? Array.from({ length: rank }, (_, i) => i) : [axis].flat()
  return list.map((a) => (a < 0 ? a + rank : a))
}

/** Shape after reducing `reduced` axes. */
export function reducedShape(shape: number[], reduced: number[], keepDims: boolean): number[] {
  return keepDims ? shape.map((dim, i) => (reduced.includes(i) ? 1 : dim)) : shape.filter((_, i) => !reduced.includes(i))
}

export function broadcastShape(a: Value, b: Value): number[] {
  return tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape)
}

/** An operand of an elementwise op: a splat shrinks to a scalar, because ONNX broadcasts it back. */
export function operand(g: GraphBuilder, value: Value, other: Value, outShape: number[]): string {
  const otherFills = other.splat === undefined && tf.util.arraysEqual(other.shape, outShape)
  return value.splat !== undefined && otherFills ? g.scalar(value.splat, value.dtype) : g.name(value)
}
