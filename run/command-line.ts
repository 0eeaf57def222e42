import type { z } from 'zod'
import { flagOf, settingsOf } from '../base/setting.ts'

/**
 * What to type to run a command with this configuration again: every setting that differs from its default and is not transient, quoted for a POSIX
 * shell.
 * @param config as the command got it
 */
export function commandLine(command: string, schema: z.ZodObject, config: object): string {
  const parts = settingsOf(schema).flatMap(({ name, schema: { default: preset }, transient, positional }) => {
    const value = valueAt(config, name)
    if (value === undefined || transient || JSON.stringify(value) === JSON.stringify(preset)) return []
    if (typeof value === 'boolean') return [value ? flagOf(name) : flagOf(name).replace('--', '--no-')]
    const words = positional ? [value].flat().map(String) : [Array.isArray(value) ? value.join() : String(value)]
    return positional && !words.some((word) => word.startsWith('-')) ? words.map(quoted) : [flagOf(name), quoted(words.join())]
  })
  return ['npx distilingual', command, ...parts].join(' ')
}

/** `a.b` of `{a: {b: 1}}`. */
function valueAt(config: object, name: string): unknown {
  return name.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], config)
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
