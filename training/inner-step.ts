import { UserError } from '../base/errors.ts'
import type { Language } from '../corpora/sample.ts'
import { tf } from '../engine/tf.ts'
import type { InputSpecs, Tensors } from '../engine/trace/trace.ts'
import type { ClipConfig } from '../models/config.ts'
import { gateFeatures, gatesOf } from '../models/gates.ts'
import type { Activations } from '../models/layers.ts'
import { patchCount } from '../models/vision.ts'
import type { InnerContext, Need, Shown, Tower, Weights } from './objectives/objective.ts'
import type { Available } from './objectives/requirements.ts'
import { needs, objectives } from './objectives/table.ts'

/** What one of a teacher's towers shows. */
export interface InnerShape {
  width: number // Dt
  heads: number // Ht
  /** T; absent where the tower takes any number. */
  tokens?: number
  /** ΣC of its gates; absent where they cannot be seen. */
  gates?: number
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

/** What some objective compares of the inside of a tower. */
export function shownOf(weights: Weights, tower: Tower): Shown[] {
  return (['hidden', 'attention', 'gates'] as const).filter((what) => needs(weights, `${what}-${tower}`))
}

/** The towers into which some objective looks. */
export function innerTowers(weights: Weights): Tower[] {
  return (['image', 'text'] as const).filter((tower) => shownOf(weights, tower).length > 0)
}

/** What objectives can have of a teacher that shows these. */
export function innerNeeds({ image, text }: InnerShapes = {}): Available {
  return {
    'hidden-image': !!image,
    'attention-image': !!image,
    'gates-image': !!image?.gates,
    'hidden-text': !!text,
    'attention-text': !!text,
    'gates-text': !!text?.gates,
  }
}

/** Dimensions of one row: hidden [T, Dt], attention [Ht, T, T], gates [ΣC]. */
export function innerDims({ width, heads, gates = 0 }: InnerShape, tokens: number): Record<Shown, number[]> {
  return { hidden: [tokens, width], attention: [heads, tokens, tokens], gates: [gates] }
}

/**
 * Inputs that bring what objectives compare of the teacher's inside: teacher_image_hidden [B, N+1, Dt], teacher_image_attention
 * [B, Ht, N+1, N+1], teacher_image_gates [B, ΣC], teacher_text_hidden [L·B, T, Dt], teacher_text_attention [L·B, Ht, T, T], teacher_text_gates [L·B, ΣC].
 * @throws UserError when teacher and student do not have the same tokens, or gates
 */
export function innerSpecs(config: ClipConfig, weights: Weights, shape: Shape): InputSpecs {
  const specs: InputSpecs = {}
  for (const tower of innerTowers(weights)) {
    const inner = shape.inner![tower]!
    const tokens = tower === 'image' ? patchCount(config) + 1 : shape.textLength
    requireTokens(weights, tower, tokens, inner.tokens ?? tokens, shape.keepPatches)
    requireGates(config, weights, tower, inner)
    const rows = tower === 'image' ? shape.batchSize : shape.batchSize * shape.languages.length
    const dims = innerDims(inner, tokens)
    for (const what of shownOf(weights, tower)) specs[innerInput(tower, what)] = { dtype: 'float32', shape: [rows, ...dims[what]] }
  }
  return specs
}

/** The part of one language: all images, and its texts. */
export function innerContext(
  config: ClipConfig,
  weights: Weights,
  { batchSize: B }: Shape,
  inputs: Tensors,
  own: Partial<Record<Tower, Partial<Activations>>>,
  language: number,
): Partial<Record<Tower, InnerContext>> {
  const contexts = innerTowers(weights).map((tower): [Tower, InnerContext] => {
    const part = (x: tf.Tensor) => (tower === 'image' ? x : tf.slice(x, [language * B], [B]))
    const gates = gatesOf(tower, config)
    const { means, ...lastLayer } = own[tower]!
    // Gate features are of the weights as they are, not as compactors make them.
    const student = (what: Shown) => (what === 'gates' ? gateFeatures(inputs, gates, means!) : lastLayer[what]!)
    const shown = (all: (what: Shown) => tf.Tensor) => Object.fromEntries(shownOf(weights, tower).map((what) => [what, part(all(what))]))
    return [
      tower,
      {
        student: shown(student),
        teacher: shown((what) => inputs[innerInput(tower, what)]!),
        gates,
        ...(tower === 'text' && { attended: tf.cast(part(inputs.attention_mask!), 'float32') }), // [B, T]
      },
    ]
  })
  return Object.fromEntries(contexts)
}

/** The objectives that look at any of these. */
function lookingAt(weights: Weights, tower: Tower, shown: readonly Shown[]): string[] {
  const wanted = shown.map((what): Need => `${what}-${tower}`)
  return Object.keys(weights).filter((name) => objectives[name]!.needs.some((need) => wanted.includes(need)))
}

function requireGates(config: ClipConfig, weights: Weights, tower: Tower, teacher: InnerShape): void {
  const names = lookingAt(weights, tower, ['gates'])
  const own = gatesOf(tower, config).reduce((sum, { channels }) => sum + channels, 0)
  if (names.length === 0 || teacher.gates === own) return
  throw new UserError({
    where: `--objective ${names.join(',')}`,
    expected: `a teacher whose ${tower} tower has the student's layers and widths, ${own} channels at its gates`,
    got: `${teacher.gates ?? 'a teacher that does not show them'}`,
    hint: 'Begin with a student of the size of --innerTeacher (--init it), or distil features (fd) instead.',
  })
}

function requireTokens(weights: Weights, tower: Tower, own: number, teacher: number, keepPatches: number): void {
  const names = lookingAt(weights, tower, ['hidden', 'attention'])
  if (names.length === 0) return
  const where = `--objective ${names.join(',')}`
  if (own !== teacher) {
    const hint = tower === 'image' ? 'Image size divided by patch size must agree (--patchSize)' : 'Tokenizer and context length must agree'
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
