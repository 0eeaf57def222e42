import { UserError } from '../base/errors.ts'
import { textPreset } from '../models/config.ts'
import type { Weights } from './objectives/objective.ts'
import { objectives } from './objectives/table.ts'
import { requireUnset } from './require-unset.ts'
import type { Stage1Settings } from './stage1-settings.ts'

const where = 'with --keep-image-tower'

/**
 * What a student that keeps its teacher's image tower cannot have.
 * @throws UserError for settings of an image tower, for teachers of other spaces, and for objectives that teach an image tower
 */
export function checkKept(settings: Stage1Settings, weights: Weights, pictureWeights: Weights = {}): void {
  requireUnset(
    settings,
    [
      'patchSize',
      'imageSize',
      'targets',
      'embedDim',
      'inherit',
      'keepPatches',
      'unmaskedTail',
      'augmentation',
      'strength',
      'ramp',
      'variants',
      'pictureVariants',
      'ensemble',
      'specialists',
      'shrink',
    ],
    where,
  )
  textPreset(settings.student, '', { vocabSize: 1, embedDim: 1, imageSize: 1, contextLength: 1 })
  requireTextTower(weights, '--objective')
  requireTextTower(pictureWeights, '--picture-objective')
}

function requireTextTower(weights: Weights, flag: string): void {
  const guilty = Object.keys(weights).find(teachesImages)
  if (!guilty) return
  const expected = `objectives of embeddings, or of the text tower alone, ${where}`
  const ofText = `${guilty.replace(/-image$/, '')}-text`
  const hint = `Leave ${guilty} out: the image tower stays as it is.${ofText in objectives ? ` For the text tower: ${ofText}.` : ''}`
  throw new UserError({ where: `${flag} ${guilty}`, expected, got: 'one that teaches an image tower', hint })
}

function teachesImages(name: string): boolean {
  const { tower, needs } = objectives[name]!
  return tower === 'image' || needs.some((need) => need.endsWith('-image'))
}
