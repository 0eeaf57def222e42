import { beginnings } from '../run/run-folder.ts'
import type { AnyCommand } from './command.ts'
import { flagsOf } from './flags.ts'

/** How a run is started over, and where it keeps what it can compute again, is no part of what it is. */
const unsaid = new Set([...beginnings, 'cacheDir'])

/**
 * What to type to run a command with this configuration again: every setting that differs from its default, quoted for a POSIX shell.
 * @param config as the command got it
 */
export function commandLine(command: AnyCommand, config: object): string {
  const parts = flagsOf(command.schema).flatMap(({ name, default: preset }) => {
    const value = valueAt(config, name)
    if (value === undefined || unsaid.has(name) || JSON.stringify(value) === JSON.stringify(preset)) return []
    if (typeof value === 'boolean') return [value ? `--${name}` : `--no-${name}`]
    return [`--${name}`, quoted(Array.isArray(value) ? value.join() : String(value))]
  })
  return ['npx distilingual', command.name, ...parts].join(' ')
}

/** `a.b` of `{a: {b: 1}}`. */
function valueAt(config: object, name: string): unknown {
  return name.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], config)
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
