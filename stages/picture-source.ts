import { UserError } from '../base/errors.ts'
import type { Pictures } from '../corpora/picture-folder.ts'
import { checkPictures } from '../training/check-pictures.ts'
import { checkStage1 } from '../training/check-stage1.ts'
import { pictureSet } from '../training/data/picture-set.ts'
import type { Targets } from '../training/data/targets.ts'
import type { TrainingSet } from '../training/data/training-set.ts'
import { requireNeeds } from '../training/objectives/requirements.ts'
import type { PictureShareSettings } from '../training/picture-settings.ts'
import type { TextShareSettings } from '../training/pool-settings.ts'
import type { Source } from '../training/source.ts'
import type { Stage1Settings } from '../training/stage1-settings.ts'
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
  const { innerTeacher: _, imported: _1, ...general } = teachers // imported features are of the corpus
  const source = sourceOf(
    pictures,
    texts,
    { weights, batchSize, distillation: { teachers: general, variants: pictureVariants, targets } },
    '--picture-batch',
  )
  return { ...source, name: 'pictures', share }
}

/**
 * Looks at what pictures without captions are to be learnt by, before a run has a folder.
 * @throws UserError for objectives that need pairs or look into the teacher, and for fewer pictures than a batch
 */
export function checkUncaptioned({ name, samples }: Pictures, settings: Stage1Settings): void {
  const { batchSize, specialists } = settings
  requireNeeds(checkStage1(settings), { images: true, texts: true, teacher: true, 'one-teacher': !specialists, 'masked-image': true })
  requireBatch(name, samples.length, 'pictures', '--batch-size', batchSize)
}

/**
 * Pictures without captions as the main source.
 * @param texts of the pool, where the objectives need any
 * @throws UserError for fewer pictures or texts than a batch, and for batches of fewer texts than languages
 */
export function uncaptionedSource(
  pictures: Pictures,
  texts: TrainingSet | undefined,
  learnt: Required<Pick<Source, 'weights' | 'batchSize' | 'distillation'>>,
): Source {
  return { ...sourceOf(pictures, texts, learnt, '--batch-size'), share: 1 }
}

function sourceOf(
  { name, samples }: Pictures,
  texts: TrainingSet | undefined,
  learnt: Required<Pick<Source, 'weights' | 'batchSize' | 'distillation'>>,
  batchFlag: string,
): Omit<Source, 'share'> {
  const { batchSize } = learnt
  requireBatch(name, samples.length, 'pictures', batchFlag, batchSize)
  if (texts) requireBatch('--text-limit', texts.count, 'texts', batchFlag, batchSize)
  if (texts) requireEveryLanguage(texts, batchFlag, batchSize)
  const set = pictureSet(
    samples.map(({ image }) => image),
    texts,
  )
  return { ...learnt, name, set, notes: [`${name}${texts ? `, beside ${texts.count} texts of the pool` : ''}`] }
}

function requireBatch(where: string, count: number, things: string, flag: string, batchSize: number): void {
  if (count >= batchSize) return
  throw new UserError({
    where,
    expected: `${things} enough for a batch: ${flag} ${batchSize}`,
    got: `${count}`,
    hint: `Set a smaller ${flag}, or take more of them.`,
  })
}

/** A batch has a text of every language at least (see seats). */
function requireEveryLanguage({ unpaired = [] }: TrainingSet, flag: string, batchSize: number): void {
  if (unpaired.length <= batchSize) return
  const hint = `Set a larger ${flag}, or take fewer --languages.`
  throw new UserError({ where: flag, expected: `a text of each of ${unpaired.length} languages`, got: `${batchSize}`, hint })
}
