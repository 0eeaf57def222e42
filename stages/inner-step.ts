import type { Language } from '../corpora/sample.ts'
import { UserError } from '../engine/errors.ts'
import { tf } from '../engine/tf.ts'
import type { InputSpecs, Tensors } from '../engine/trace/trace.ts'
import type { ClipConfig } from '../models/config.ts'
import type { Activations } from '../models/layers.ts'
import { patchCount } from '../models/vision.ts'
import type { InnerContext, Need, Shown, Tower, Weights } from './objectives/objective.ts'
import type { Available } from './objectives/requirements.ts'
import { needs, objectives } from './objectives/table.ts'

/** The last layer of one of a teacher's towers. */
export interface InnerShape {
  width: number // Dt
  heads: number // Ht
  /** T; absent where the tower takes any number. */
  tokens?: number
}
export type InnerShapes = Partial<Record<Tower, InnerShape>>

interface Shape {
  batchSize: number // B
  textLength: number // T
  languages: Language[] // L
  keepPatches: number
  inner?: InnerShapes
}

/** Names of the step's inputs. */
export const innerInput = (tower: Tower, what: Shown) => `teacher_${tower}_${what}`

/** What some objective compares of a tower's last layer. */
export function shownOf(weights: Weights, tower: Tower): Shown[] {
  return (['hidden', 'attention'] as const).filter((what) => needs(weights, `${what}-${tower}`))
}

/** The towers whose last layers some objective compares. */
export function innerTowers(weights: Weights): Tower[] {
  return (['image', 'text'] as const).filter((tower) => shownOf(weights, tower).length > 0)
}

/** What objectives can have of a teacher that shows these. */
export function innerNeeds({ image, text }: InnerShapes = {}): Available {
  return { 'hidden-image': !!image, 'attention-image': !!image, 'hidden-text': !!text, 'attention-text': !!text }
}

/** Dimensions of one row: hidden [T, Dt], attention [Ht, T, T]. */
export function innerDims({ width, heads }: InnerShape, tokens: number): Record<Shown, number[]> {
  return { hidden: [tokens, width], attention: [heads, tokens, tokens] }
}

/**
 * Inputs that bring what objectives compare of the teacher's last layers: teacher_image_hidden [B, N+1, Dt], teacher_image_attention
 * [B, Ht, N+1, N+1], teacher_text_hidden [L·B, T, Dt], teacher_text_attention [L·B, Ht, T, T].
 * @throws UserError when teacher and student do not have the same tokens
 */
export function innerSpecs(config: ClipConfig, weights: Weights, shape: Shape): InputSpecs {
  const specs: InputSpecs = {}
  for (const tower of innerTowers(weights)) {
    const inner = shape.inner![tower]!
    const tokens = tower === 'image' ? patchCount(config) + 1 : shape.textLength
    requireTokens(weights, tower, tokens, inner.tokens ?? tokens, shape.keepPatches)
    const rows = tower === 'image' ? shape.batchSize : shape.batchSize * shape.languages.length
    const dims = innerDims(inner, tokens)
    for (const what of shownOf(weights, tower)) specs[innerInput(tower, what)] = { dtype: 'float32', shape: [rows, ...dims[what]] }
  }
  return specs
}

/** The part of one language: all images, and its texts. */
export function innerContext(
  weights: Weights,
  { batchSize: B }: Shape,
  inputs: Tensors,
  own: Partial<Record<Tower, Partial<Activations>>>,
  language: number,
): Partial<Record<Tower, InnerContext>> {
  const part = (x: tf.Tensor) => tf.slice(x, [language * B], [B])
  const contexts = innerTowers(weights).map((tower): [Tower, InnerContext] => {
    const shown = (cut: (x: tf.Tensor) => tf.Tensor): Partial<Activations> =>
      Object.fromEntries(shownOf(weights, tower).map((what) => [what, cut(inputs[innerInput(tower, what)]!)]))
    if (tower === 'image') return [tower, { student: own.image as Activations, teacher: shown((x) => x) }]
    const attended = tf.cast(part(inputs.attention_mask!), 'float32') // [B, T]
    const student = { hidden: part(own.text!.hidden!), attention: part(own.text!.attention!) }
    return [tower, { student, teacher: shown(part), attended }]
  })
  return Object.fromEntries(contexts)
}

function requireTokens(weights: Weights, tower: Tower, own: number, teacher: number, keepPatches: number): void {
  const shown = shownOf(weights, tower).map((what): Need => `${what}-${tower}`)
  const names = Object.keys(weights).filter((name) => objectives[name]!.needs.some((need) => shown.includes(need)))
  const where = `--objective ${names.join(',')}`
  if (own !== teacher) {
    const hint = tower === 'image' ? 'Image size divided by patch size must agree' : 'Tokenizer and context length must agree'
    throw new UserError({
      where,
      expected: `${own} tokens in the teacher's ${tower} tower, as in the student's`,
      got: `${teacher}`,
      hint: `${hint}, or distil features (fd) instead.`,
    })
  }
  if (tower === 'image' && keepPatches < 1) {
    throw new UserError({
      where,
      expected: 'whole images, as the teacher sees them',
      got: `--keepPatches ${keepPatches}`,
      hint: 'Set --keepPatches 1, or distil features (fd) instead.',
    })
  }
}
