import { UserError } from '../base/errors.ts'
import { flagOf } from '../base/setting.ts'
import { type Stage1Settings, stage1Settings } from './stage1-settings.ts'

/** @throws UserError for the first of these flags that is not at its default: where nothing uses it */
export function requireUnset(settings: Stage1Settings, flags: (keyof Stage1Settings)[], where: string): void {
  const usual = stage1Settings.parse({})
  const flag = flags.find((name) => settings[name] !== usual[name])
  if (flag) throw new UserError({ where: flagOf(flag), expected: `none ${where}`, got: `${settings[flag]}`, hint: 'Leave it out.' })
}
