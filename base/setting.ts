import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'
import { flatten } from './flatten.ts'

/** Headings of a command's help, in the order in which it shows them. */
export const settingGroups = [
  'Input',
  'Model',
  'Teacher',
  'Student',
  'Training',
  'Objectives',
  'Shrinking',
  'Evaluation',
  'Export',
  'Output',
  'Machine',
] as const

/** What every setting says of itself beside its type, given with `.meta()`. */
interface SettingMeta {
  group?: (typeof settingGroups)[number]
  /** Shown by --help; the others by --help --all. */
  usual?: true
  /** What another value changes; where absent, what is learnt: a resumed run has to have the same. */
  decides?: 'results' | 'nothing'
  /** Names a file or folder to read. `list`: several, with a language before or a weight behind (`zh=DIR:0.5`). */
  path?: 'one' | 'list'
  /** Says how a command is started, not what it does: neither recorded nor repeated. */
  transient?: true
  /** Given without its flag: `search MODEL "a red apple"`; a list takes all that is left. */
  positional?: true
  /**
   * By this setting's values (`true` for a switch that is on, `*` for any): what the settings beside it are where they are not given, and those of groups beside it,
   * nested as the schema nests.
   */
  presets?: Record<string, Record<string, unknown>>
  /** Older names of the setting, which are still read. */
  aliases?: string[]
  description?: string
}

declare module 'zod' {
  interface GlobalMeta extends SettingMeta {}
}

type Json = z.core.JSONSchema.BaseSchema

/** One setting of a schema. */
export interface Setting extends SettingMeta {
  /** Dotted where schemas nest: `stage1.steps`. */
  name: string
  /** Its type and default. */
  schema: Json
  required: boolean
}

/** The settings of a schema, in its order. */
export function settingsOf(schema: z.ZodObject): Setting[] {
  return collect(z.toJSONSchema(schema, { io: 'input' }), '')
}

function collect({ properties = {}, required = [] }: Json, prefix: string): Setting[] {
  return Object.entries(properties).flatMap(([key, property]) => {
    const json = property as Json
    const name = prefix + key
    if (json.properties) return collect(json, `${name}.`)
    const { group, usual, decides, path, transient, positional, presets, aliases, description } = json as SettingMeta
    const meta = { group, usual, decides, path, transient, positional, presets, aliases, description }
    return [{ name, schema: json, required: required.includes(key), ...meta }]
  })
}

/**
 * What was given, nested as the schema nests, and beneath it the presets of what settings are: given, by an earlier setting's preset, or by default. So settings that
 * stand first in the schema win.
 */
export function withPresets(schema: z.ZodObject, given: Record<string, unknown>): Record<string, unknown> {
  return settingsOf(schema).reduce((values, { name, presets, schema: { default: usual } }) => {
    const value = valueAt(values, name) ?? usual
    const preset = presets?.[String(value)] ?? (value === undefined ? undefined : presets?.['*'])
    return preset ? beneath(inside(name.split('.').slice(0, -1), preset), values) : values
  }, given)
}

/**
 * What settings are that are not given: their defaults, or what presets make of them. By the setting's name.
 * @param given nested as the schema nests
 */
export function effectiveDefaults(schema: z.ZodObject, given: Record<string, unknown> = {}): Map<string, unknown> {
  const preset = withPresets(schema, given)
  return new Map(settingsOf(schema).map(({ name, schema: { default: usual } }) => [name, valueAt(preset, name) ?? usual]))
}

/** `{'a.b': 1}` → `{a: {b: 1}}`. */
export function nested(values: Iterable<readonly [name: string, value: unknown]>): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const [name, value] of values) {
    const path = name.split('.')
    const last = path.pop()!
    const group = path.reduce((at, key) => (at[key] ??= {}) as Record<string, unknown>, result)
    group[last] = value
  }
  return result
}

/** `a.b` of `{a: {b: 1}}`; undefined where there is none. */
export function valueAt(values: unknown, name: string): unknown {
  return name.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | null | undefined)?.[key], values)
}

function inside(groups: string[], preset: Record<string, unknown>): Record<string, unknown> {
  return groups.reduceRight((nested, group) => ({ [group]: nested }), preset)
}

/** Settings that `values` does not have are taken from `preset`. */
function beneath(preset: Record<string, unknown>, values: Record<string, unknown>): Record<string, unknown> {
  const isGroup = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
  const filled = Object.entries(preset).map(([key, value]) => {
    const given = values[key]
    return [key, isGroup(value) && isGroup(given) ? beneath(value, given) : (given ?? value)]
  })
  return { ...values, ...Object.fromEntries(filled) }
}

/** What of a configuration decides what is learnt, as one level: `{'stage1.steps': 1700}`; keys that the schema does not have count as deciding. */
export function decisive(schema: z.ZodObject, config: Record<string, unknown>): ReturnType<typeof flatten> {
  const free = new Set(settingsOf(schema).flatMap(({ name, decides }) => (decides ? [name] : [])))
  return Object.fromEntries(Object.entries(flatten('', config)).filter(([key]) => !free.has(settingName(key))))
}

/** A configuration as it is recorded: without transient settings, and with every path absolute, so that it holds in any folder. */
export function recorded(schema: z.ZodObject, config: Record<string, unknown>): Record<string, unknown> {
  const copy = structuredClone(config)
  for (const { name, path, transient, schema: json } of settingsOf(schema)) {
    const keys = name.split('.')
    const last = keys.pop()!
    const holder = keys.reduce<Record<string, unknown> | undefined>((at, key) => at?.[key] as Record<string, unknown> | undefined, copy)
    if (holder?.[last] === undefined) continue
    if (transient) delete holder[last]
    else if (path === 'list') holder[last] = (holder[last] as string[]).map(absoluteInList)
    else if (path && holder[last] !== json.default) holder[last] = absolute(String(holder[last])) // defaults are names of what ships
  }
  return copy
}

/** The files and folders that a configuration names, each with its setting's name. */
export function pathsIn(schema: z.ZodObject, config: Record<string, unknown>): { name: string; path: string }[] {
  const kinds = new Map(settingsOf(schema).map(({ name, path }) => [name, path]))
  return Object.entries(flatten('', config)).flatMap(([key, value]) => {
    const kind = kinds.get(settingName(key))
    if (!kind || typeof value !== 'string') return []
    const path = kind === 'list' && !existsSync(value) ? partsOf(value).path : value
    return existsSync(path) ? [{ name: settingName(key), path }] : []
  })
}

/** What a configuration names as one file or folder to read, whether it is there or not. */
export function namedPaths(schema: z.ZodObject, config: Record<string, unknown>): string[] {
  const kinds = new Map(settingsOf(schema).map(({ name, path }) => [name, path]))
  return Object.entries(flatten('', config)).flatMap(([key, value]) => (kinds.get(key) === 'one' && typeof value === 'string' ? [value] : []))
}

/** `stage1.specialists.0` → `stage1.specialists`. */
function settingName(key: string): string {
  return key.replace(/\.\d+$/, '')
}

/** What is no file is a name: `emoji`. */
function absolute(path: string): string {
  return existsSync(path) ? resolve(path) : path
}

function absoluteInList(text: string): string {
  if (existsSync(text)) return resolve(text)
  const { before, path, behind } = partsOf(text)
  return before + absolute(path) + behind
}

/** `zh+ja=DIR:0.5` in its parts. */
function partsOf(text: string): { before: string; path: string; behind: string } {
  const [, before = '', path = '', behind = ''] = /^([\w+-]+=)?(.*?)(:[\d.e-]+)?$/.exec(text) ?? []
  return { before, path, behind }
}

/** How a setting is written on the command line: `stage1.batchSize` → `--stage1.batch-size`. */
export function flagOf(name: string): string {
  return `--${kebab(name)}`
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
