import { UserError } from '../base/errors.ts'
import { flagOf } from '../base/setting.ts'
import type { Weights } from './objectives/objective.ts'
import { requireNeeds } from './objectives/requirements.ts'
import { needs, parseObjectives } from './objectives/table.ts'
import { type PictureSettings, type PictureShareSettings, pictureShareSettings } from './picture-settings.ts'
import type { TextShareSettings } from './pool-settings.ts'

type Shares = PictureShareSettings & Pick<TextShareSettings, 'textShare'> & { specialists?: string[] }

/**
 * The objectives of pictures without captions; undefined where none are learnt.
 * @throws UserError for objectives that need captions or look into the teacher, for shares that leave the corpus nothing, and for settings that nothing would come of
 */
export function checkPictures(settings: Shares): Weights | undefined {
  const { pictureShare, textShare, specialists, pictureObjective } = settings
  if (pictureShare === 0) {
    const usual = pictureShareSettings.parse({})
    const given = (['pictureBatch', 'pictureObjective', 'pictureVariants'] as const).find((name) => settings[name] !== usual[name])
    if (given) throw unused(flagOf(given), `${settings[given]}`)
    return undefined
  }
  const where = `--picture-share ${pictureShare}`
  if (pictureShare + textShare >= 1) {
    const hint = 'Make one of them smaller: the captions of the corpus have what is left.'
    throw new UserError({ where, expected: 'shares below 1 together', got: `${pictureShare} and --text-share ${textShare}`, hint })
  }
  if (specialists) {
    const hint = 'Leave --specialists out, or learn without pictures beside the corpus: --picture-share 0.'
    throw new UserError({ where, expected: 'one teacher for all languages', got: `--specialists ${specialists.join()}`, hint })
  }
  const weights = parseObjectives(pictureObjective, '--picture-objective')
  requireNeeds(weights, { images: true, texts: true, teacher: true, 'one-teacher': true, 'masked-image': true }, '--picture-objective')
  return weights
}

/** Whether texts of the pool are drawn beside pictures. */
export function picturesNeedTexts({ pictureShare = 0, pictureObjective = '' }: Partial<PictureShareSettings>): boolean {
  return pictureShare > 0 && needs(parseObjectives(pictureObjective, '--picture-objective'), 'texts')
}

/** @throws UserError where pictures are named that are not learnt, or are to be learnt and are not named */
export function requirePicturesUsed({ pictures }: PictureSettings, { pictureShare }: PictureShareSettings): void {
  if (pictures !== undefined && pictureShare === 0) throw unused('--pictures', pictures)
  if (pictures !== undefined || pictureShare === 0) return
  const hint = 'Add --pictures icons, or leave --picture-share out.'
  throw new UserError({ where: `--picture-share ${pictureShare}`, expected: '--pictures', got: 'none', hint })
}

function unused(flag: string, got: string): UserError {
  const hint = 'Set the share that pictures without captions have, such as 0.3, or leave it out.'
  return new UserError({ where: flag, expected: '--picture-share above 0', got, hint })
}
