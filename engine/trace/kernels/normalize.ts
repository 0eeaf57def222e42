import type { Lowering } from '../lowering.ts'

/** Our own kernel (engine/fused.ts): one ONNX node where tfjs would need six. */
export const normalize = {
  /** x [..., D], gamma [D], beta [D] → y [..., D], mean [..., 1], inverse standard deviation [..., 1]. */
  LayerNormalization: (g, { x, gamma, beta }, { epsilon }) => {
    const statistics = { shape: x!.shape.with(-1, 1), dtype: 'float32' as const }
    const outputs = [{ shape: x!.shape, dtype: 'float32' as const }, statistics, statistics]
    return g.emitMany(
      'LayerNormalization',
      [x!, gamma!, beta!].map((value) => g.name(value)),
      outputs,
      { axis: -1, epsilon: { float: epsilon } },
    )
  },
} satisfies Record<string, Lowering>
