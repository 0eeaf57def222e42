import type { z } from 'zod'
import { UserError } from '../base/errors.ts'
import { didYouMean } from '../base/nearest.ts'
import { settingsOf, withPresets } from '../base/setting.ts'

/**
 * The settings of a function as its command knows them: those given, those that a preset stands for, defaults for the others.
 * @throws UserError for a name that is no setting, and for a value that does not fit
 */
export function checkedSettings<S extends z.ZodObject>(name: string, schema: S, given: z.input<S>): z.output<S> {
  requireKnown(name, schema, given)
  const parsed = schema.safeParse(withPresets(schema, given))
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  const at = path.join('.')
  throw new UserError({
    where: at ? `${name}: ${at}` : name,
    expected: message,
    got: JSON.stringify(path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], given)) ?? 'nothing',
    hint: `The settings are the flags of the command: npx distilingual ${name} --help --all.`,
  })
}

function requireKnown(name: string, schema: z.ZodObject, given: object): void {
  const known = settingsOf(schema).map((setting) => setting.name)
  const walk = (object: object, prefix: string): void => {
    for (const [key, value] of Object.entries(object)) {
      const path = prefix + key
      if (known.includes(path)) continue
      if (!known.some((other) => other.startsWith(`${path}.`)) || typeof value !== 'object' || value === null) throw unknownSetting(name, path, known)
      walk(value, `${path}.`)
    }
  }
  walk(given, '')
}

function unknownSetting(name: string, path: string, known: string[]): UserError {
  return new UserError({
    where: `${name}: ${path}`,
    expected: 'a setting',
    got: 'an unknown name',
    hint: `${didYouMean(path, known)}The settings are the flags of the command: npx distilingual ${name} --help --all.`,
  })
}
