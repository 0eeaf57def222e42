import type { z } from 'zod'
import { nearest } from '../base/nearest.ts'
import { flagOf, type Setting, settingsOf } from '../base/setting.ts'
import { type ValueType, valueType } from './value-type.ts'

/** A setting as the command line knows it. */
export interface Flag extends Omit<Setting, 'schema' | 'description'> {
  type: ValueType
  description: string
  /** Undefined: optional without a default, or required. */
  default?: unknown
}

/** The flags of a command, in the order of its schema. */
export function flagsOf(schema: z.ZodObject): Flag[] {
  return settingsOf(schema).map(({ schema: json, description = '', ...setting }) => ({
    ...setting,
    description,
    type: valueType(json, setting.name),
    default: json.default,
  }))
}

/** The flags that come nearest to what was written: of a stage's flag, which `distill` has twice, both; else the nearest. */
export function suggestion(written: string, names: readonly string[]): string {
  const flags = names.map(flagOf)
  const ending = `.${written.replace(/^--/, '')}`
  const nested = flags.filter((name) => name.endsWith(ending))
  return nested.length > 0 ? nested.join(' or ') : nearest(written, flags)
}

/** The same of keys in a file. */
export function keySuggestion(written: string, names: readonly string[]): string {
  const nested = names.filter((name) => name.endsWith(`.${written}`))
  return nested.length > 0 ? nested.join(' or ') : nearest(written, names)
}
