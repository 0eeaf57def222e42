import { UserError } from '../base/errors.ts'
import type { Pictures } from '../corpora/open-pictures.ts'
import { checkPictures } from '../training/check-pictures.ts'
import { pictureSet } from '../training/data/picture-set.ts'
import type { Targets } from '../training/data/targets.ts'
import type { TrainingSet } from '../training/data/training-set.ts'
import type { PictureShareSettings } from '../training/picture-settings.ts'
import type { TextShareSettings } from '../training/pool-settings.ts'
import type { Source } from '../training/source.ts'
import type { Teachers } from '../training/teachers/teachers.ts'

type Settings = PictureShareSettings & Pick<TextShareSettings, 'textShare'> & { variants: number; targets: Targets }

/**
 * Pictures without captions as a source; undefined where none are learnt.
 * @param texts of the pool, where the objectives need any (see picturesNeedTexts)
 * @throws UserError as checkPictures does, for fewer pictures or texts than a batch, and for batches of fewer texts than languages
 */
export function pictureSource(
  pictures: Pictures | undefined,
  texts: TrainingSet | undefined,
  settings: Settings,
  teachers: Teachers,
): Source | undefined {
  const weights = checkPictures(settings)
  if (!weights || !pictures) return undefined
  const { pictureShare: share, pictureBatch: batchSize, variants, pictureVariants = variants, targets } = settings
  requireBatch(pictures.name, pictures.samples.length, 'pictures', batchSize)
  if (texts) requireBatch('--text-limit', texts.count, 'texts', batchSize)
  if (texts) requireEveryLanguage(texts, batchSize)
  const { innerTeacher: _, ...general } = teachers
  return {
    name: 'pictures',
    set: pictureSet(
      pictures.samples.map(({ image }) => image),
      texts,
    ),
    weights,
    share,
    batchSize,
    distillation: { teachers: general, variants: pictureVariants, targets },
    notes: [`${pictures.name}${texts ? `, beside ${texts.count} texts of the pool` : ''}`],
  }
}

function requireBatch(where: string, count: number, things: string, batchSize: number): void {
  if (count >= batchSize) return
  throw new UserError({
    where,
    expected: `${things} enough for a batch: --picture-batch ${batchSize}`,
    got: `${count}`,
    hint: 'Set a smaller --picture-batch, or take more of them.',
  })
}

/** A batch has a text of every language at least (see seats). */
function requireEveryLanguage({ unpaired = [] }: TrainingSet, batchSize: number): void {
  if (unpaired.length <= batchSize) return
  const hint = 'Set a larger --picture-batch, or take fewer --languages.'
  throw new UserError({ where: '--picture-batch', expected: `a text of each of ${unpaired.length} languages`, got: `${batchSize}`, hint })
}
