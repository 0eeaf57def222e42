import { tf } from '../../tf.ts'
import type { GraphBuilder, TfDType, Value } from '../graph.ts'
import { broadcastShape, type Lowering, operand, splat } from '../lowering.ts'

const onnxType: Record<TfDType, number> = { float32: 1, int32: 6, bool: 9 } // TensorProto.DataType

const unary =
  (op: string, fold?: (x: number) => number, dtype?: TfDType): Lowering =>
  (g, { x }) =>
    fold && x!.splat !== undefined ? splat(fold(x!.splat), x!.shape, dtype ?? x!.dtype) : g.emit(op, [g.name(x!)], x!.shape, dtype ?? x!.dtype)

/** `neutral`: the splat on the right (and on the left when the op commutes) that makes the op an alias. */
const binary =
  (op: string, fold: (a: number, b: number) => number, neutral?: { right?: number; left?: number }): Lowering =>
  (g, { a, b }) => {
    const shape = broadcastShape(a!, b!)
    if (a!.splat !== undefined && b!.splat !== undefined) return splat(fold(a!.splat, b!.splat), shape, a!.dtype)
    if (neutral?.right !== undefined && b!.splat === neutral.right && tf.util.arraysEqual(a!.shape, shape)) return a!
    if (neutral?.left !== undefined && a!.splat === neutral.left && tf.util.arraysEqual(b!.shape, shape)) return b!
    return g.emit(op, [operand(g, a!, b!, shape), operand(g, b!, a!, shape)], shape, a!.dtype)
  }

const compare =
  (op: string): Lowering =>
  (g, { a, b }) => {
    const shape = broadcastShape(a!, b!)
    return g.emit(op, [operand(g, a!, b!, shape), operand(g, b!, a!, shape)], shape, 'bool')
  }

const castNumber: Record<TfDType, (x: number) => number> = { float32: (x) => x, int32: Math.trunc, bool: (x) => (x ? 1 : 0) }

const Cast: Lowering = (g, { x }, { dtype }: { dtype: TfDType }) => {
  if (x!.dtype === dtype) return x! // a same-dtype cast must alias
  if (x!.splat !== undefined) return splat(castNumber[dtype](x!.splat), x!.shape, dtype)
  return g.emit('Cast', [x!.name], x!.shape, dtype, { to: onnxType[dtype] })
}

const Rsqrt: Lowering = (g, { x }) => g.emit('Reciprocal', [g.emit('Sqrt', [g.name(x!)], x!.shape, 'float32').name], x!.shape, 'float32')

const Square: Lowering = (g, { x }) => g.emit('Mul', [g.name(x!), g.name(x!)], x!.shape, x!.dtype)

const Add = binary('Add', (a, b) => a + b, { right: 0, left: 0 })
const Sub = binary('Sub', (a, b) => a - b, { right: 0 })
const Equal = compare('Equal')
const LogicalNot = unary('Not', (x) => (x ? 0 : 1), 'bool')

const SquaredDifference: Lowering = (g, inputs) => Square(g, { x: Sub(g, inputs, {}) as Value }, {})

const NotEqual: Lowering = (g, inputs) => LogicalNot(g, { x: Equal(g, inputs, {}) as Value }, {})

const AddN: Lowering = (g, inputs) => {
  const values = Object.values(inputs)
  return values.slice(1).reduce((sum, value) => Add(g, { a: sum, b: value }, {}) as Value, values[0]!)
}

const ClipByValue: Lowering = (g, { x }, { clipValueMin, clipValueMax }) =>
  g.emit('Clip', [g.name(x!), g.scalar(clipValueMin, x!.dtype), g.scalar(clipValueMax, x!.dtype)], x!.shape, x!.dtype)

/** tfjs' Step: 1 where x > 0, `alpha` elsewhere (the gradient of relu and of abs' pieces). */
const Step: Lowering = (g, { x }, { alpha }) => {
  const positive = g.emit('Greater', [g.name(x!), g.scalar(0, 'float32')], x!.shape, 'bool')
  return where(g, positive, splat(1, x!.shape, 'float32'), splat(alpha ?? 0, x!.shape, 'float32'), x!.shape)
}

const Select: Lowering = (g, { condition, t, e }) => where(g, condition!, t!, e!, t!.shape)

function where(g: GraphBuilder, condition: Value, t: Value, e: Value, shape: number[]): Value {
  const pick = (value: Value) => (value.splat === undefined ? value.name : g.scalar(value.splat, value.dtype))
  const full = condition.splat === undefined && tf.util.arraysEqual(condition.shape, shape)
  return g.emit('Where', [g.name(condition), full ? pick(t) : g.name(t), full ? pick(e) : g.name(e)], shape, t.dtype)
}

/** One node (or an alias) per tfjs kernel; splats are folded, so that `x * ones` costs nothing. */
export const elementwise = {
  Abs: unary('Abs', Math.abs),
  Neg: unary('Neg', (x) => -x),
  Exp: unary('Exp', Math.exp),
  Log: unary('Log', Math.log),
  Sqrt: unary('Sqrt', Math.sqrt),
  Reciprocal: unary('Reciprocal', (x) => 1 / x),
  Sigmoid: unary('Sigmoid', (x) => 1 / (1 + Math.exp(-x))),
  Tanh: unary('Tanh', Math.tanh),
  Erf: unary('Erf'),
  Relu: unary('Relu', (x) => Math.max(x, 0)),
  Softplus: unary('Softplus', (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  Sign: unary('Sign', Math.sign),
  LogicalNot,
  Rsqrt,
  Square,
  Step,
  Cast,
  ClipByValue,
  Add,
  Sub,
  Multiply: binary('Mul', (a, b) => a * b, { right: 1, left: 1 }),
  RealDiv: binary('Div', (a, b) => a / b, { right: 1 }),
  Maximum: binary('Max', Math.max),
  Minimum: binary('Min', Math.min),
  Pow: binary('Pow', (a, b) => a ** b, { right: 1 }),
  SquaredDifference,
  AddN,
  Equal,
  NotEqual,
  Greater: compare('Greater'),
  GreaterEqual: compare('GreaterOrEqual'),
  Less: compare('Less'),
  LessEqual: compare('LessOrEqual'),
  LogicalAnd: compare('And'),
  LogicalOr: compare('Or'),
  Select,
} satisfies Record<string, Lowering>
