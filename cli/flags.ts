import type { z } from 'zod'
import { type Setting, settingsOf } from '../base/setting.ts'
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
