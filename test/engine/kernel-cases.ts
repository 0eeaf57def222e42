/** For every lowering, the ways in which a step may call it. */
import type { KernelName } from '../../engine/trace/kernels/table.ts'

/** An operand of a kernel: random normal numbers of a shape, or one of the special kinds. */
export type Operand =
  | { shape: number[]; kind?: 'normal' | 'positive' | 'ids' | 'mask' }
  /** A constant: every element is `splat`. It reaches the tracer as a splat and may be folded away. */
  | { shape: number[]; splat: number; dtype?: 'float32' | 'int32' | 'bool' }

export interface KernelCase {
  /** Under the kernel's input names; a list for kernels that take any number. */
  inputs: Record<string, Operand> | Operand[]
  attrs?: Record<string, unknown>
}

const x = (...shape: number[]): Operand => ({ shape })
const positive = (...shape: number[]): Operand => ({ shape, kind: 'positive' })
const ids = (...shape: number[]): Operand => ({ shape, kind: 'ids' }) // int32 below 4
const mask = (...shape: number[]): Operand => ({ shape, kind: 'mask' }) // bool
const splat = (value: number, shape: number[], dtype?: 'float32' | 'int32' | 'bool'): Operand => ({ shape, splat: value, dtype })

const unary = (make = x): KernelCase[] => [{ inputs: { x: make(2, 3) } }, { inputs: { x: make() } }, { inputs: { x: splat(0.5, [2, 3]) } }]

const pairs: [number[], number[]][] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3]],
  [
    [2, 1],
    [1, 3],
  ],
  [
    [4, 1, 3],
    [2, 1],
  ],
  [[], [2, 3]],
  [[2, 3], []],
]
const binary = (make = x): KernelCase[] => [
  ...pairs.map(([a, b]) => ({ inputs: { a: make(...a), b: make(...b) } })),
  ...[0, 1, 2].flatMap((value) => [
    { inputs: { a: make(2, 3), b: splat(value, [2, 3]) } },
    { inputs: { a: splat(value, [2, 3]), b: make(2, 3) } },
    { inputs: { a: make(3), b: splat(value, [2, 3]) } }, // the splat is the larger one: it cannot be an alias
    { inputs: { a: splat(value, [2, 3]), b: make(2, 1) } },
    { inputs: { a: make(2, 3), b: splat(value, []) } },
    { inputs: { a: splat(value, [2, 1]), b: splat(0.25, [3]) } },
  ]),
]
const comparison: KernelCase[] = [...binary(), { inputs: { a: ids(3, 4), b: ids(4) } }, { inputs: { a: ids(3, 4), b: splat(2, [], 'int32') } }]
const logical: KernelCase[] = [
  { inputs: { a: mask(2, 3), b: mask(2, 3) } },
  { inputs: { a: mask(2, 3), b: mask(3) } },
  { inputs: { a: mask(2, 3), b: splat(1, [2, 3], 'bool') } },
  { inputs: { a: splat(0, [2, 3], 'bool'), b: mask(2, 3) } },
]
const reduce = (axes = 'axis'): KernelCase[] => [
  ...[0, 1, 2, -1, -2, [0, 2], [1, 2], [-1, 0], [0, 1, 2], []].flatMap((axis) =>
    [false, true].map((keepDims) => ({ inputs: { x: x(2, 3, 4) }, attrs: { [axes]: axis, keepDims } })),
  ),
  { inputs: { x: x(5) }, attrs: { [axes]: 0, keepDims: false } },
  { inputs: { x: splat(1.5, [2, 3]) }, attrs: { [axes]: [1], keepDims: true } },
  { inputs: { x: splat(1.5, [2, 3]) }, attrs: { [axes]: [0, 1], keepDims: false } },
]
const argument: KernelCase[] = [0, 1, -1].map((axis) => ({ inputs: { x: x(3, 4, 5) }, attrs: { axis } }))
const noAttrs = {}

export const kernelCases: Record<KernelName, KernelCase[]> = {
  Abs: unary(),
  Neg: unary(),
  Exp: unary(),
  Log: unary(positive),
  Sqrt: unary(positive),
  Rsqrt: unary(positive),
  Reciprocal: unary(positive),
  Sigmoid: unary(),
  Tanh: unary(),
  Erf: unary(),
  Relu: unary(),
  Softplus: [...unary(), { inputs: { x: splat(1000, [2]) } }, { inputs: { x: splat(-1000, [2]) } }],
  Sign: unary(),
  Square: unary(),
  Step: [
    { inputs: { x: splat(0.5, [2, 3]) }, attrs: { alpha: 0 } },
    { inputs: { x: x(2, 3) }, attrs: { alpha: 0.25 } },
    { inputs: { x: x(2, 3) }, attrs: { alpha: 0 } },
  ],
  LogicalNot: [{ inputs: { x: mask(2, 3) } }, { inputs: { x: splat(1, [2], 'bool') } }],
  Cast: [
    { inputs: { x: x(2, 3) }, attrs: { dtype: 'int32' } },
    { inputs: { x: x(2, 3) }, attrs: { dtype: 'float32' } },
    { inputs: { x: ids(2, 3) }, attrs: { dtype: 'bool' } },
    { inputs: { x: ids(2, 3) }, attrs: { dtype: 'float32' } },
    { inputs: { x: mask(2, 3) }, attrs: { dtype: 'float32' } },
    { inputs: { x: mask(2, 3) }, attrs: { dtype: 'int32' } },
    { inputs: { x: splat(-2.5, [2]) }, attrs: { dtype: 'int32' } },
    { inputs: { x: splat(2.5, [2]) }, attrs: { dtype: 'bool' } },
  ],
  ClipByValue: [
    { inputs: { x: x(3, 4) }, attrs: { clipValueMin: -0.5, clipValueMax: 0.5 } },
    { inputs: { x: splat(9, [2]) }, attrs: { clipValueMin: 0, clipValueMax: 1 } },
  ],
  Add: binary(),
  Sub: binary(),
  Multiply: binary(),
  RealDiv: binary(positive),
  Maximum: binary(),
  Minimum: binary(),
  Pow: binary(positive),
  SquaredDifference: binary(),
  AddN: [{ inputs: [x(2, 3), x(2, 3), x(2, 3)] }, { inputs: [x(2, 3)] }, { inputs: [splat(0, [2, 3]), x(2, 3), splat(1, [2, 3])] }],
  Equal: comparison,
  NotEqual: comparison,
  Greater: comparison,
  GreaterEqual: comparison,
  Less: comparison,
  LessEqual: comparison,
  LogicalAnd: logical,
  LogicalOr: logical,
  Select: [
    { inputs: { condition: mask(2, 3), t: x(2, 3), e: x(2, 3) } },
    { inputs: { condition: mask(2, 3), t: splat(1, [2, 3]), e: x(2, 3) } },
    { inputs: { condition: mask(2, 3), t: x(2, 3), e: splat(0, [2, 3]) } },
    { inputs: { condition: mask(2, 3), t: splat(2, [2, 3]), e: splat(3, [2, 3]) } },
    { inputs: { condition: splat(1, [2, 3], 'bool'), t: x(2, 3), e: splat(3, [2, 3]) } },
    { inputs: { condition: splat(0, [2, 3], 'bool'), t: splat(2, [2, 3]), e: x(2, 3) } },
  ],
  Sum: [...reduce(), { inputs: { x: ids(2, 3) }, attrs: { axis: 1, keepDims: false } }],
  Mean: reduce(),
  Max: reduce('reductionIndices'), // tfjs' own name for it
  Min: reduce(),
  ArgMax: argument,
  ArgMin: argument,
  Softmax: [
    { inputs: { logits: x(2, 3) }, attrs: { dim: -1 } },
    { inputs: { logits: x(2, 2, 3, 5) }, attrs: { dim: 3 } },
    { inputs: { logits: splat(2, [2, 3]) }, attrs: { dim: 1 } },
  ],
  Cumsum: [0, 1, 2].flatMap((axis) =>
    [false, true].flatMap((exclusive) => [false, true].map((reverse) => ({ inputs: { x: x(2, 3, 4) }, attrs: { axis, exclusive, reverse } }))),
  ),
  BatchMatMul: [
    ...[
      [2, 3, 4, 5],
      [3, 4, 5],
      [4, 5],
    ].flatMap((shape) => transposed(shape, shape)),
    ...transposed([1, 4, 5], [3, 4, 5]),
    ...transposed([3, 4, 5], [4, 5]),
    ...transposed([2, 3, 4, 5], [1, 3, 4, 5]),
    { inputs: { a: splat(1, [2, 3]), b: x(3, 4) }, attrs: { transposeA: false, transposeB: false } },
    { inputs: { a: x(3, 2), b: splat(0.5, [4, 3]) }, attrs: { transposeA: true, transposeB: true } },
  ],
  Identity: [{ inputs: { x: x(2, 3) } }, { inputs: { x: splat(3, [2]) } }],
  Reshape: [
    { inputs: { x: x(2, 3, 4) }, attrs: { shape: [6, 4] } },
    { inputs: { x: x(2, 3, 4) }, attrs: { shape: [-1] } },
    { inputs: { x: x(2, 3, 4) }, attrs: { shape: [2, 3, 4] } },
    { inputs: { x: x(1) }, attrs: { shape: [] } },
    { inputs: { x: splat(2, [2, 3]) }, attrs: { shape: [3, 2] } },
  ],
  ExpandDims: [
    ...[0, 1, 2, -1, -3].map((dim) => ({ inputs: { input: x(2, 3) }, attrs: { dim } })),
    { inputs: { input: splat(2, [3]) }, attrs: { dim: 0 } },
  ],
  Transpose: [
    { inputs: { x: x(2, 3) }, attrs: { perm: [1, 0] } },
    { inputs: { x: x(2, 3, 4, 5) }, attrs: { perm: [0, 2, 1, 3] } },
    { inputs: { x: x(2, 3, 4) }, attrs: { perm: [2, 0, 1] } },
    { inputs: { x: x(2, 3, 4) }, attrs: { perm: [0, 1, 2] } },
    { inputs: { x: splat(2, [2, 3]) }, attrs: { perm: [1, 0] } },
  ],
  Concat: [0, 1, -1].map((axis) => ({ inputs: [x(2, 3), splat(1, [2, 3]), x(2, 3)], attrs: { axis } })),
  Pack: [0, 1, 2, -1].map((axis) => ({ inputs: [x(2, 3), splat(0, [2, 3])], attrs: { axis } })),
  Unpack: [
    ...[0, 1, -1].map((axis) => ({ inputs: { value: x(2, 3) }, attrs: { axis } })),
    { inputs: { value: splat(4, [2, 3]) }, attrs: { axis: 0 } },
  ],
  Slice: [
    { inputs: { x: x(4, 5) }, attrs: { begin: [1, 2], size: [2, 2] } },
    { inputs: { x: x(4, 5) }, attrs: { begin: [1, 0], size: [-1, -1] } },
    { inputs: { x: x(4, 5) }, attrs: { begin: [0, 0], size: [4, 5] } },
    { inputs: { x: x(4, 5, 6) }, attrs: { begin: [0, 4, 0], size: [4, 1, 6] } },
    { inputs: { x: splat(7, [4, 5]) }, attrs: { begin: [1, 1], size: [2, 3] } },
  ],
  SplitV: [
    { inputs: { x: x(4, 6) }, attrs: { numOrSizeSplits: 3, axis: 1 } },
    { inputs: { x: x(4, 6) }, attrs: { numOrSizeSplits: [1, 3], axis: 0 } },
    { inputs: { x: x(4, 6) }, attrs: { numOrSizeSplits: [1, -1, 2], axis: -1 } },
    { inputs: { x: splat(1, [4, 6]) }, attrs: { numOrSizeSplits: 2, axis: 0 } },
  ],
  PadV2: [
    {
      inputs: { x: x(2, 3) },
      attrs: {
        paddings: [
          [1, 0],
          [0, 2],
        ],
        constantValue: 0,
      },
    },
    {
      inputs: { x: x(2, 3, 2) },
      attrs: {
        paddings: [
          [0, 0],
          [1, 1],
          [0, 0],
        ],
        constantValue: -1.5,
      },
    },
    { inputs: { x: splat(2, [2]) }, attrs: { paddings: [[0, 1]], constantValue: 0 } },
  ],
  Tile: [
    { inputs: { x: x(2, 3) }, attrs: { reps: [2, 1] } },
    { inputs: { x: x(2, 3) }, attrs: { reps: [1, 1] } },
    { inputs: { x: splat(2, [2, 3]) }, attrs: { reps: [1, 3] } },
  ],
  GatherV2: [
    ...[[3], [2, 3]].map((shape) => ({ inputs: { x: x(4, 5), indices: ids(...shape) }, attrs: { axis: 0, batchDims: 0 } })),
    { inputs: { x: x(2, 4, 3), indices: ids(5) }, attrs: { axis: 1, batchDims: 0 } },
    { inputs: { x: x(2, 4), indices: ids(2, 2) }, attrs: { axis: -1, batchDims: 0 } },
    { inputs: { x: splat(2, [4, 3]), indices: ids(5) }, attrs: { axis: 0, batchDims: 0 } },
  ],
  UnsortedSegmentSum: [
    { inputs: { x: x(6, 3), segmentIds: ids(6) }, attrs: { numSegments: 4 } },
    { inputs: { x: x(6), segmentIds: ids(6) }, attrs: { numSegments: 5 } },
    { inputs: { x: splat(1, [6, 2]), segmentIds: ids(6) }, attrs: { numSegments: 4 } },
    { inputs: { x: x(6, 3), segmentIds: ids(6) }, attrs: { numSegments: 200 } }, // too many for a product with one-hot rows
    { inputs: { x: x(6, 3, 2), segmentIds: ids(6) }, attrs: { numSegments: 4 } },
  ],
  OneHot: [
    { inputs: { indices: ids(5) }, attrs: { depth: 4, onValue: 1, offValue: 0, dtype: 'float32' } },
    { inputs: { indices: ids(2, 3) }, attrs: { depth: 6, onValue: 2, offValue: -1, dtype: 'int32' } },
  ],
  Fill: [{ inputs: noAttrs, attrs: { shape: [2, 3], value: 2.5, dtype: 'float32' } }],
  OnesLike: [{ inputs: { x: x(2, 3) } }],
  ZerosLike: [{ inputs: { x: x(2, 3) } }],
  LayerNormalization: [
    { inputs: { x: x(4, 8), gamma: x(8), beta: x(8) }, attrs: { epsilon: 1e-5 } },
    { inputs: { x: x(2, 3, 8), gamma: x(8), beta: x(8) }, attrs: { epsilon: 1e-3 } },
    { inputs: { x: x(2, 8), gamma: splat(1, [8]), beta: splat(0, [8]) }, attrs: { epsilon: 1e-5 } },
  ],
}

/** Both flags of a matmul, with operands [..., m, k] and [..., k, n] laid out as the flags ask. */
function transposed(a: number[], b: number[]): KernelCase[] {
  const swap = (shape: number[]) => [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!]
  return [false, true].flatMap((transposeA) =>
    [false, true].map((transposeB) => ({
      inputs: { a: x(...(transposeA ? swap(a) : a)), b: x(...(transposeB ? b : swap(b))) },
      attrs: { transposeA, transposeB },
    })),
  )
}
