import { type Lowering, splat } from '../lowering.ts'

/** Constants stay splats until something needs them at full shape. */
export const create = {
  Fill: (_, __, { shape, value, dtype }) => splat(value, shape, dtype ?? 'float32'),
  OnesLike: (_, { x }) => splat(1, x!.shape, x!.dtype),
  ZerosLike: (_, { x }) => splat(0, x!.shape, x!.dtype),
} satisfies Record<string, Lowering>
