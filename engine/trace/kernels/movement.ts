import { tf } from '../../tf.ts'
import type { GraphBuilder, Value } from '../graph.ts'
import { axes, type Lowering, splat } from '../lowering.ts'

const Identity: Lowering = (_, { x }) => x! // must alias

const Reshape: Lowering = (g, { x }, { shape }) => reshape(g, x!, shape)

function reshape(g: GraphBuilder, x: Value, shape: number[]): Value {
  const full = tf.util.inferFromImplicitShape(shape, tf.util.sizeFromShape(x.shape))
  if (x.splat !== undefined) return splat(x.splat, full, x.dtype)
  if (tf.util.arraysEqual(full, x.shape)) return x
  // 0 copies the input's dimension at that place; at most one other dynamic dimension can be inferred (-1).
  const target = full.map((dim, i) => (!g.isMarked(dim) ? dim : x.shape[i] === dim ? 0 : -1))
  if (target.filter((dim) => dim === -1).length > 1) {
    throw new Error(`trace: reshape [${x.shape}] → [${full}] moves two dynamic dimensions. Keep all but one in place.`)
  }
  return g.emit('Reshape', [x.name, g.ints(target)], full, x.dtype)
}

const ExpandDims: Lowering = (g, { input }, { dim }) => {
  const at = dim < 0 ? dim + input!.shape.length + 1 : dim
  const shape = input!.shape.toSpliced(at, 0, 1)
  if (input!.splat !== undefined) return splat(input!.splat, shape, input!.dtype)
  return g.emit('Unsqueeze', [input!.name, g.ints([at])], shape, input!.dtype)
}

const Transpose: Lowering = (g, { x }, { perm }) => {
  const shape = (perm as number[]).map((axis) => x!.shape[axis]!)
  if (x!.splat !== undefined) return splat(x!.splat, shape, x!.dtype)
  if ((perm as number[]).every((axis, i) => axis === i)) return x! // the gradient of gather asks for such
  return g.emit('Transpose', [x!.name], shape, x!.dtype, { perm })
}

const Concat: Lowering = (g, inputs, { axis }) => {
  const values = Object.values(inputs)
  const [along] = axes(axis, values[0]!.shape.length) as [number]
  const total = values.reduce((sum, value) => sum + value.shape[along]!, 0)
  return g.emit(
    'Concat',
    values.map((value) => g.name(value)),
    values[0]!.shape.with(along, total),
    values[0]!.dtype,
    { axis: along },
  )
}

const Pack: Lowering = (g, inputs, { axis }) => {
  const expanded = Object.values(inputs).map((input) => ExpandDims(g, { input }, { dim: axis }) as Value)
  return Concat(g, Object.fromEntries(expanded.entries()), { axis })
}

const Slice: Lowering = (g, { x }, { begin, size }: { begin: number[] | number; size: number[] | number }) => {
  const [start, extent] = tf.slice_util.parseSliceParams({ shape: x!.shape } as tf.Tensor, begin, size) as [number[], number[]]
  if (x!.splat !== undefined) return splat(x!.splat, extent, x!.dtype)
  const cut = x!.shape.flatMap((dim, i) => (start[i] === 0 && extent[i] === dim ? [] : [i])) // whole (dynamic) axes stay out
  if (cut.length === 0) return x!
  const ends = cut.map((axis) => start[axis]! + extent[axis]!)
  return g.emit('Slice', [x!.name, g.ints(cut.map((axis) => start[axis]!)), g.ints(ends), g.ints(cut)], extent, x!.dtype)
}

const SplitV: Lowering = (g, { x }, { numOrSizeSplits, axis }) => {
  const [along] = axes(axis, x!.shape.length) as [number]
  const sizes = tf.backend_util.prepareSplitSize({ shape: x!.shape } as tf.Tensor, numOrSizeSplits, along)
  const outputs = sizes.map((size) => ({ shape: x!.shape.with(along, size), dtype: x!.dtype }))
  return g.emitMany('Split', [g.name(x!), g.ints(sizes)], outputs, { axis: along })
}

const Unpack: Lowering = (g, { value }, { axis }) => {
  const [along] = axes(axis, value!.shape.length) as [number]
  const parts = SplitV(g, { x: value! }, { numOrSizeSplits: value!.shape[along], axis: along }) as Value[]
  return parts.map((part) => reshape(g, part, part.shape.toSpliced(along, 1)))
}

const PadV2: Lowering = (g, { x }, { paddings, constantValue }: { paddings: [number, number][]; constantValue: number }) => {
  const shape = x!.shape.map((dim, i) => dim + paddings[i]![0] + paddings[i]![1])
  const pads = g.ints([...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)])
  return g.emit('Pad', [g.name(x!), pads, g.scalar(constantValue, x!.dtype)], shape, x!.dtype)
}

const Tile: Lowering = (g, { x }, { reps }) => {
  const shape = x!.shape.map((dim, i) => dim * reps[i])
  if (x!.splat !== undefined) return splat(x!.splat, shape, x!.dtype)
  return (reps as number[]).every((rep) => rep === 1) ? x! : g.emit('Tile', [x!.name, g.ints(reps)], shape, x!.dtype)
}

export const movement = { Identity, Reshape, ExpandDims, Transpose, Concat, Pack, Unpack, Slice, SplitV, PadV2, Tile } satisfies Record<
  string,
  Lowering
>
