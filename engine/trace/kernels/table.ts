import type { Lowering } from '../lowering.ts'
import { create } from './create.ts'
import { elementwise } from './elementwise.ts'
import { gathering } from './gather.ts'
import { matmul } from './matmul.ts'
import { movement } from './movement.ts'
import { normalize } from './normalize.ts'
import { reduction } from './reduce.ts'

/** Every tfjs kernel that a step may run into. A name without a lowering below does not type-check. */
export type KernelName =
  | 'Abs' | 'Neg' | 'Exp' | 'Log' | 'Sqrt' | 'Reciprocal' | 'Sigmoid' | 'Tanh' | 'Erf' | 'Relu' | 'Softplus' | 'Sign' | 'LogicalNot' | 'Rsqrt' | 'Square'
  | 'Step' | 'Cast' | 'ClipByValue' | 'Add' | 'Sub' | 'Multiply' | 'RealDiv' | 'Maximum' | 'Minimum' | 'Pow' | 'SquaredDifference' | 'AddN'
  | 'Equal' | 'Greater' | 'GreaterEqual' | 'Less' | 'LessEqual' | 'NotEqual' | 'LogicalAnd' | 'LogicalOr' | 'Select'
  | 'Sum' | 'Mean' | 'Max' | 'Min' | 'ArgMax' | 'ArgMin' | 'Softmax' | 'Cumsum'
  | 'BatchMatMul'
  | 'Identity' | 'Reshape' | 'ExpandDims' | 'Transpose' | 'Concat' | 'Pack' | 'Unpack' | 'Slice' | 'SplitV' | 'PadV2' | 'Tile'
  | 'GatherV2' | 'UnsortedSegmentSum' | 'OneHot'
  | 'Fill' | 'OnesLike' | 'ZerosLike'
  | 'LayerNormalization'

export const kernels: Record<KernelName, Lowering> = {
  ...elementwise,
  ...reduction,
  ...matmul,
  ...movement,
  ...gathering,
  ...create,
  ...normalize,
}
