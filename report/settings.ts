import { settingsOf } from '../base/setting.ts'
import { runSettings } from '../training/run-settings.ts'
import { trainSettings } from '../training/settings.ts'
import type { EvaluatedRun } from './runs.ts'

/** A setting in which runs differ: its value in each of them, `–` where a run does not have it. */
export interface SettingDifference {
  name: string
  values: string[]
}

/**
 * The settings (`stage1.steps`) that are not the same in all runs, in order of appearance. That a run of another command does not
 * have a setting is no difference.
 */
export function settingDifferences(runs: readonly Pick<EvaluatedRun, 'report'>[]): SettingDifference[] {
  const settings = runs.map(({ report }) => new Map(leaves(report.provenance.config, '')))
  const commands = runs.map(({ report }) => commandOf(report))
  const idle = idleSettings()
  const names = new Set(settings.flatMap((values) => [...values.keys()]))
  return [...names].flatMap((name) => {
    const values = settings.map((known) => known.get(name))
    const known = new Set(commands.filter((_, i) => values[i] !== undefined))
    const counted = values.filter((_, i) => known.has(commands[i]))
    return idle.has(name.split('.').at(-1)!) || new Set(counted).size < 2 ? [] : [{ name, values: values.map((value) => value ?? '–') }]
  })
}

/** Names of the settings that decide nothing, whichever command or stage has them. */
function idleSettings(): Set<string> {
  const all = [runSettings, trainSettings].flatMap(settingsOf)
  return new Set(all.flatMap(({ name, decides }) => (decides === 'nothing' ? [name] : [])))
}

/** `distill` of `npx distilingual distill --out …`. */
function commandOf({ commands = [] }: EvaluatedRun['report']): string | undefined {
  return /(?:distilingual|npm run) (\w+)/.exec(commands[0] ?? '')?.[1]
}

function leaves(config: Record<string, unknown>, prefix: string): [name: string, value: string][] {
  return Object.entries(config).flatMap(([key, value]) => {
    if (value === undefined || value === null) return []
    if (typeof value === 'object' && !Array.isArray(value)) return leaves(value as Record<string, unknown>, `${prefix}${key}.`)
    return [[prefix + key, String(value)]]
  })
}
