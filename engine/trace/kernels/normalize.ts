import type { Lowering } from '../lowering.ts'

/** Our own kernels (engine/fused.ts): one ONNX node where tfjs would need six. */
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
  /** x·σ(1.702x). */
  QuickGelu: (g, { x }) => {
    if (g.options.contrib) return g.emit('QuickGelu', [g.name(x!)], x!.shape, 'float32', { alpha: { float: 1.702 } }, 'com.microsoft')
    const scaled = g.emit('Mul', [g.name(x!), g.scalar(1.702, 'float32')], x!.shape, 'float32')
    const gate = g.emit('Sigmoid', [scaled.name], x!.shape, 'float32')
    return g.emit('Mul', [x!.name, gate.name], x!.shape, 'float32')
  },
} satisfies Record<string, Lowering>
