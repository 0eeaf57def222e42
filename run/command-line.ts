import type { z } from 'zod'
import { effectiveDefaults, flagOf, nested, settingsOf, valueAt } from '../base/setting.ts'

/**
 * What to type to run a command with this configuration again: every setting that differs from its default or from what a preset makes of it, and is not transient, quoted for a POSIX
 * shell.
 * @param config as the command got it
 */
export function commandLine(command: string, schema: z.ZodObject, config: object): string {
  const given = givenOf(schema, config)
  const parts = settingsOf(schema).flatMap(({ name, positional }) => {
    if (!given.has(name)) return []
    const value = given.get(name)
    if (typeof value === 'boolean') return [value ? flagOf(name) : flagOf(name).replace('--', '--no-')]
    const words = positional ? [value].flat().map(String) : [Array.isArray(value) ? value.join() : String(value)]
    return positional && !words.some((word) => word.startsWith('-')) ? words.map(quoted) : [flagOf(name), quoted(words.join())]
  })
  return ['npx distilingual', command, ...parts].join(' ')
}

/** The settings that have to be given, so that with presets and defaults all are what they are here. Those that set others come first. */
function givenOf(schema: z.ZodObject, config: object): Map<string, unknown> {
  const given = new Map<string, unknown>()
  const settings = settingsOf(schema).filter(({ transient }) => !transient)
  for (;;) {
    const defaults = effectiveDefaults(schema, nested(given))
    const others = settings.filter(({ name }) => {
      const value = valueAt(config, name)
      return value !== undefined && !given.has(name) && JSON.stringify(value) !== JSON.stringify(defaults.get(name))
    })
    const other = others.find(({ presets }) => presets) ?? others[0]
    if (!other) return given
    given.set(other.name, valueAt(config, other.name))
  }
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
