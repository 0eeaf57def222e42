import { withGradients } from '../../engine/gradients.ts'
import { paramInputs } from '../../engine/params.ts'
import { tf } from '../../engine/tf.ts'
import type { InputSpecs, TensorFunction } from '../../engine/trace/trace.ts'
import { normalize } from '../../models/layers.ts'
import { symmetricCrossEntropy } from '../objectives/contrast.ts'
import { type HeadShape, headSpecs, imageHead, textHead } from './heads.ts'

export interface BridgeStep {
  fn: TensorFunction
  specs: InputSpecs
}

/**
 * One step of the heads: loss = InfoNCE(u·vᵀ/τ) + λ(1 − mean u·v̄), where u is the image head's unit output, v the text head's (or the text itself) of a text that the
 * row's concept owns, and v̄ that of the mean of all its texts. Positives are all pairs of a concept and a text that it owns.
 *
 * Inputs beside the head's parameters: `features` [B, F] standardised, `text` and `concept_text` [B, E] of unit length, `positives` [B, B] (row's concept owns column's
 * text), `keep_features` [B, F], `keep_hidden` [B, H] and `keep_text_hidden` [B, T], the masks of dropout.
 */
export function bridgeStep(
  shape: HeadShape,
  { batchSize: B, temperature, meanWeight }: { batchSize: number; temperature: number; meanWeight: number },
): BridgeStep {
  const { features: F, hidden: H, textHidden: T, embedDim: E } = shape
  const params = headSpecs(shape)
  const matrix = (...dims: number[]) => ({ dtype: 'float32' as const, shape: dims })
  const fn = withGradients((head, inputs) => {
    const masks = { features: inputs.keep_features!, hidden: inputs.keep_hidden }
    const u = normalize(imageHead(head, inputs.features!, masks))
    const v = textHead(head, inputs.text!, inputs.keep_text_hidden)
    const logits = tf.div(tf.matMul(u as tf.Tensor2D, v as tf.Tensor2D, false, true), temperature)
    const infoNce = symmetricCrossEntropy(logits, inputs.positives!)
    const cosine = tf.mean(tf.sum(tf.mul(u, textHead(head, inputs.concept_text!)), -1))
    return { loss: tf.add(infoNce, tf.mul(tf.sub(1, cosine), meanWeight)), info_nce: infoNce, cosine_to_concept: cosine }
  }, Object.keys(params))
  const specs: InputSpecs = {
    ...paramInputs(params),
    features: matrix(B, F),
    text: matrix(B, E),
    concept_text: matrix(B, E),
    positives: matrix(B, B),
    keep_features: matrix(B, F),
    ...(H > 0 && { keep_hidden: matrix(B, H) }),
    ...(T > 0 && { keep_text_hidden: matrix(B, T) }),
  }
  return { fn, specs }
}
