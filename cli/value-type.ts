import type { z } from 'zod'

type Schema = z.core.JSONSchema.BaseSchema

/** What the text of a flag is turned into. */
export type ValueType =
  | { kind: 'switch' }
  | { kind: 'text' }
  | { kind: 'number'; name: 'integer' | 'number'; bounds: string }
  | { kind: 'choice'; values: string[] }
  | { kind: 'list'; of: ValueType; least: number }
  | { kind: 'either'; of: ValueType[] }

/** @throws Error for a schema that no flag can hold, naming `flag`: a programmer's mistake */
export function valueType(schema: Schema, flag: string): ValueType {
  const { type, items } = schema
  if (schema.anyOf) return { kind: 'either', of: schema.anyOf.map((one) => valueType(one as Schema, flag)) }
  if (schema.enum) return { kind: 'choice', values: schema.enum.map(String) }
  if (schema.const !== undefined) return { kind: 'choice', values: [String(schema.const)] }
  if (type === 'boolean') return { kind: 'switch' }
  if (type === 'string') return { kind: 'text' }
  if (type === 'integer' || type === 'number') return { kind: 'number', name: type, bounds: bounds(schema) }
  if (type === 'array' && items && !Array.isArray(items)) return { kind: 'list', of: valueType(items as Schema, flag), least: schema.minItems ?? 0 }
  throw new Error(`--${flag}: no flag can hold a schema of type ${type}; use a number, text, enum, boolean or a list of these`)
}

/** Text that does not fit comes back as it is: the schema then refuses it, and the error can quote it. */
export function parseValue(type: ValueType, text: string): unknown {
  switch (type.kind) {
    case 'switch':
      return text === 'true' ? true : text === 'false' ? false : text
    case 'number':
      return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text)
    case 'list':
      return text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '')
        .map((part) => parseValue(type.of, part))
    case 'either':
      return type.of.map((one) => parseValue(one, text)).find((value) => value !== text) ?? text
    default:
      return text
  }
}

/** `integer ≥ 2`, `fp32 | q8`, `list of text`: for errors. */
export function typeText(type: ValueType): string {
  switch (type.kind) {
    case 'switch':
      return 'true or false'
    case 'number':
      return type.name + type.bounds
    case 'choice':
      return type.values.length > 1 ? `one of ${type.values.join(', ')}` : type.values.join()
    case 'list':
      return `a list of ${type.least > 0 ? `at least ${type.least} ` : ''}${typeText(type.of)}`
    case 'either':
      return type.of.map(typeText).join(' or ')
    default:
      return 'text'
  }
}

/** `integer`, `fp32|q8`, `text,…`: for help. */
export function placeholder(type: ValueType): string {
  switch (type.kind) {
    case 'number':
      return type.name
    case 'choice':
      return type.values.join('|')
    case 'list':
      return `${placeholder(type.of)},…`
    case 'either':
      return type.of.map(placeholder).join('|')
    default:
      return type.kind
  }
}

/** Safe integers are what zod means by an integer; their limits are no news. */
function bounds({ type, minimum, exclusiveMinimum, maximum, exclusiveMaximum }: Schema): string {
  const above = type === 'integer' && typeof exclusiveMinimum === 'number' ? exclusiveMinimum + 1 : undefined
  const limits = [
    [' ≥ ', above ?? minimum],
    [' > ', above === undefined ? exclusiveMinimum : undefined],
    [' < ', exclusiveMaximum],
    [' ≤ ', maximum],
  ] as const
  return limits
    .filter(([, limit]) => typeof limit === 'number' && Math.abs(limit) < Number.MAX_SAFE_INTEGER)
    .map(([sign, limit]) => `${sign}${limit}`)
    .join(',')
}
