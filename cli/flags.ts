import { z } from 'zod'
import { nearest } from '../base/nearest.ts'
import { type ValueType, valueType } from './value-type.ts'

export interface Flag {
  /** Key of the configuration, dotted where schemas nest: `stage1.steps`. */
  name: string
  type: ValueType
  description: string
  /** Undefined: optional without a default, or required. */
  default?: unknown
  required: boolean
}

type Schema = z.core.JSONSchema.BaseSchema

/** The flags of a command, in the order of its schema. */
export function flagsOf(schema: z.ZodObject): Flag[] {
  return collect(z.toJSONSchema(schema, { io: 'input' }), '')
}

function collect({ properties = {}, required = [] }: Schema, prefix: string): Flag[] {
  return Object.entries(properties).flatMap(([key, property]) => {
    const name = prefix + key
    const schema = property as Schema
    if (schema.properties) return collect(schema, `${name}.`)
    const { description = '' } = schema
    return [{ name, type: valueType(schema, name), description, default: schema.default, required: required.includes(key) }]
  })
}

/** The names that were probably meant: of a stage's flag, which `distill` has twice, both; else the nearest. */
export function meant(written: string, names: readonly string[]): string {
  const ending = `.${written.replace(/^--/, '')}`
  const nested = names.filter((name) => name.endsWith(ending))
  return nested.length > 0 ? nested.join(' or ') : nearest(written, names)
}
