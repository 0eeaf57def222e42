import { UserError } from '../../base/errors.ts'
import type { ClipConfig } from '../../models/config.ts'
import { gatesOf } from '../../models/gates.ts'
import { patchCount } from '../../models/vision.ts'
import type { InnerLayer, Need, Tower, Weights } from './objective.ts'
import type { Available } from './requirements.ts'
import { needs, objectives } from './table.ts'

/** Sizes of the inner layers of one of a teacher's towers. */
interface InnerShape {
  width: number // Dt
  heads: number // Ht
  /** ΣC of its gates; absent where they cannot be seen. */
  gates?: number
}
/** A text tower takes texts of any length. */
export interface InnerShapes {
  image?: InnerShape & { tokens: number } // T
  text?: InnerShape
}

/** The inner layers of a tower that some objective compares. */
export function comparedLayers(weights: Weights, tower: Tower): InnerLayer[] {
  return (['hidden', 'attention', 'gates'] as const).filter((layer) => needs(weights, `${layer}-${tower}`))
}

/** The towers whose inner layers some objective compares. */
export function innerTowers(weights: Weights): Tower[] {
  return (['image', 'text'] as const).filter((tower) => comparedLayers(weights, tower).length > 0)
}

/** What objectives can have of a teacher with these inner layers. */
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
export function innerDims({ width, heads, gates = 0 }: InnerShape, tokens: number): Record<InnerLayer, number[]> {
  return { hidden: [tokens, width], attention: [heads, tokens, tokens], gates: [gates] }
}

/**
 * Inner layers are compared token by token, and gate by gate. Texts of one tokenizer have the same tokens.
 * @throws UserError when the images of teacher and student do not have the same tokens, or the towers not the same gates
 */
export function requireComparable(config: ClipConfig, weights: Weights, { keepPatches, inner }: { keepPatches: number; inner?: InnerShapes }): void {
  for (const tower of innerTowers(weights)) requireGates(config, weights, tower, inner![tower]!)
  requireImageTokens(weights, patchCount(config) + 1, inner?.image, keepPatches)
}

/** The objectives that compare any of these layers. */
function comparing(weights: Weights, tower: Tower, layers: readonly InnerLayer[]): string[] {
  const wanted = layers.map((layer): Need => `${layer}-${tower}`)
  return Object.keys(weights).filter((name) => objectives[name]!.needs.some((need) => wanted.includes(need)))
}

function requireGates(config: ClipConfig, weights: Weights, tower: Tower, teacher: InnerShape): void {
  const names = comparing(weights, tower, ['gates'])
  const channels = gatesOf(tower, config).reduce((sum, { channels }) => sum + channels, 0)
  if (names.length === 0 || teacher.gates === channels) return
  throw new UserError({
    where: `--objective ${names.join(',')}`,
    expected: `a teacher whose ${tower} tower has the student's layers and widths, ${channels} channels at its gates`,
    got: `${teacher.gates ?? 'a teacher that does not show them'}`,
    hint: 'Begin with a student of the size of --inner-teacher (--init it), or distil features (fd) instead.',
  })
}

function requireImageTokens(weights: Weights, student: number, teacher: InnerShapes['image'], keepPatches: number): void {
  const names = comparing(weights, 'image', ['hidden', 'attention'])
  if (names.length === 0) return
  const where = `--objective ${names.join(',')}`
  if (student !== teacher!.tokens) {
    throw new UserError({
      where,
      expected: `${student} tokens in the teacher's image tower, as in the student's`,
      got: `${teacher!.tokens}`,
      hint: 'Image size divided by patch size must agree (--patch-size), or distil features (fd) instead.',
    })
  }
  if (keepPatches < 1) {
    throw new UserError({
      where,
      expected: 'whole images, as the teacher sees them',
      got: `--keep-patches ${keepPatches}`,
      hint: 'Set --keep-patches 1, or distil features (fd) instead.',
    })
  }
}
