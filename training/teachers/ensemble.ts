import type { TeacherFeatures } from './features.ts'

export interface EnsembleMember {
  features: TeacherFeatures
  weight: number
}

/**
 * Several teachers as one: their unit features side by side, each times √(wᵢsᵢ/S), S = Σ wᵢsᵢ, with weights wᵢ that sum to 1 and scales sᵢ.
 * The result has unit length, and S·cosine = Σ wᵢsᵢ·cosineᵢ: its logits are the weighted mean of theirs, whatever their dimensions. So every
 * objective works with it as with one teacher of Et = Σ Etᵢ and sT = S. All members must have been given the same augmentations.
 */
export function ensembleFeatures(members: EnsembleMember[]): TeacherFeatures {
  if (members.length === 1) return members[0]!.features
  const total = members.reduce((sum, { weight }) => sum + weight, 0)
  const logitScale = members.reduce((sum, { weight, features }) => sum + (weight / total) * features.logitScale, 0)
  const parts = members.map(({ features, weight }) => ({ features, factor: Math.sqrt(((weight / total) * features.logitScale) / logitScale) }))
  const join = (rows: Float32Array[]) => sideBySide(rows.map((data, i) => ({ data, width: parts[i]!.features.embedDim, factor: parts[i]!.factor })))
  return {
    embedDim: parts.reduce((sum, { features }) => sum + features.embedDim, 0),
    logitScale,
    augmentation: parts[0]!.features.augmentation,
    images: async (indices, epoch, pixels) => join(await Promise.all(parts.map(({ features }) => features.images(indices, epoch, pixels)))),
    texts: async (indices) => join(await Promise.all(parts.map(({ features }) => features.texts(indices)))),
    plainImages: (indices) => join(parts.map(({ features }) => features.plainImages!(indices))),
  }
}

/** [n, widthᵢ] each → [n, Σ widthᵢ], every part times its factor. */
function sideBySide(parts: { data: Float32Array; width: number; factor: number }[]): Float32Array {
  const width = parts.reduce((sum, part) => sum + part.width, 0)
  const rows = parts[0]!.data.length / parts[0]!.width
  const result = new Float32Array(rows * width)
  let column = 0
  for (const { data, width: own, factor } of parts) {
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < own; i++) result[row * width + column + i] = data[row * own + i]! * factor
    }
    column += own
  }
  return result
}
