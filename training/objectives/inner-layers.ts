import { UserError } from '../../base/errors.ts'
import type { ClipConfig } from '../../models/config.ts'
import { gatesOf } from '../../models/gates.ts'
import { patchCount } from '../../models/vision.ts'
import type { InnerLayer, Need, Tower, Weights } from './objective.ts'
import type { Available } from './requirements.ts'
import { needs, objectives } from './table.ts'

/** Sizes of the inner layers of one of a teacher's towers. */
export interface InnerShape {
  width: number // Dt
  heads: number // Ht
  /** T; absent where the tower takes any number. */
  tokens?: number
  /** ΣC of its gates; absent where they cannot be seen. */
  gates?: number
}
export type InnerShapes = Partial<Record<Tower, InnerShape>>

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

interface Compared {
  textLength: number // T
  keepPatches: number
  inner?: InnerShapes
}

/**
 * Inner layers are compared token by token, and gate by gate.
 * @throws UserError when teacher and student do not have the same tokens, or gates
 */
export function requireComparable(config: ClipConfig, weights: Weights, { textLength, keepPatches, inner }: Compared): void {
  for (const tower of innerTowers(weights)) {
    const teacher = inner![tower]!
    const tokens = tower === 'image' ? patchCount(config) + 1 : textLength
    requireTokens(weights, tower, tokens, teacher.tokens ?? tokens, keepPatches)
    requireGates(config, weights, tower, teacher)
  }
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
    hint: 'Begin with a student of the size of --innerTeacher (--init it), or distil features (fd) instead.',
  })
}

function requireTokens(weights: Weights, tower: Tower, student: number, teacher: number, keepPatches: number): void {
  const names = comparing(weights, tower, ['hidden', 'attention'])
  if (names.length === 0) return
  const where = `--objective ${names.join(',')}`
  if (student !== teacher) {
    const hint = tower === 'image' ? 'Image size divided by patch size must agree (--patchSize)' : 'Tokenizer and context length must agree'
    throw new UserError({
      where,
      expected: `${student} tokens in the teacher's ${tower} tower, as in the student's`,
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
