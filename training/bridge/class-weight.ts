import type { Params } from '../../engine/params.ts'
import { type HeadInputs, openHead } from './embedding.ts'
import type { BridgeSettings } from './settings.ts'
import { meanRecall, type ValidationSet } from './validation.ts'

/** Weights that are tried. */
const tried = [0.1, 0.2, 0.3, 0.4, 0.5, 0.7]

/**
 * Chooses λ of the class term: that of the settings, or of several the best by mean recall on validation. Returns parameters with the class term where λ is above 0, and
 * what validation gives with them.
 * @param texts embeddings of the validation texts [T, E]
 */
export async function chooseClassWeight(
  inputs: HeadInputs,
  params: Params,
  validate: ValidationSet,
  texts: Float32Array,
  { classWeight, threads }: Pick<BridgeSettings, 'classWeight' | 'threads'>,
): Promise<{ params: Params; classWeight: number; scores: Record<string, number> }> {
  const plain = Object.fromEntries(Object.entries(params).filter(([name]) => !name.startsWith('class.')))
  const withTerm = (weight: number): Params => (weight > 0 ? { ...params, 'class.weight': { shape: [], data: Float32Array.of(weight) } } : plain)
  const measured = async (weight: number) => {
    const present = withTerm(weight)
    const head = await openHead(inputs, present, { threads })
    try {
      return { params: present, classWeight: weight, scores: await validate.measure(await head.embed(validate.pictures, present), texts) }
    } finally {
      await head.release()
    }
  }
  if (!inputs.logits || classWeight === 0) return measured(0)
  if (classWeight !== 'auto') return measured(classWeight)
  let best = await measured(0)
  for (const weight of tried) {
    const other = await measured(weight)
    if (meanRecall(other.scores) > meanRecall(best.scores)) best = other
  }
  return best
}
