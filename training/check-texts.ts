import { UserError } from '../base/errors.ts'
import { flagOf } from '../base/setting.ts'
import { picturesNeedTexts } from './check-pictures.ts'
import type { Weights } from './objectives/objective.ts'
import { requireNeeds } from './objectives/requirements.ts'
import { parseObjectives } from './objectives/table.ts'
import type { PictureShareSettings } from './picture-settings.ts'
import { type PoolSettings, type TextShareSettings, textShareSettings } from './pool-settings.ts'

/**
 * The objectives of texts without images; undefined where none are learnt.
 * @throws UserError for objectives that need images or look into the teacher, and for settings that nothing would come of
 */
export function checkTexts(settings: TextShareSettings & { specialists?: string[] }): Weights | undefined {
  if (settings.textShare === 0) {
    const usual = textShareSettings.parse({})
    const given = (['textBatch', 'textObjective'] as const).find((name) => settings[name] !== usual[name])
    if (given) throw unused(flagOf(given), `${settings[given]}`)
    return undefined
  }
  const where = `--text-share ${settings.textShare}`
  if (settings.specialists) {
    const hint = 'Leave --specialists out, or learn without a pool of texts: --text-share 0.'
    throw new UserError({ where, expected: 'one teacher for all languages', got: `--specialists ${settings.specialists.join()}`, hint })
  }
  const weights = parseObjectives(settings.textObjective, '--text-objective')
  requireNeeds(weights, { texts: true, teacher: true }, '--text-objective')
  return weights
}

/** @throws UserError where texts are named, and no stage reads any */
export function requireTextsUsed(
  { texts, textLimit, quick }: PoolSettings & { quick?: boolean },
  stages: (TextShareSettings & Partial<PictureShareSettings>)[],
): void {
  if (stages.some((stage) => stage.textShare > 0 || picturesNeedTexts(stage))) return
  if (texts) throw unused('--texts', texts.join())
  if (textLimit !== undefined && !quick) throw unused('--text-limit', `${textLimit}`)
}

function unused(flag: string, got: string): UserError {
  return new UserError({
    where: flag,
    expected: '--text-share above 0',
    got,
    hint: 'Set the share that texts without images have, such as 0.5, or leave it out.',
  })
}
