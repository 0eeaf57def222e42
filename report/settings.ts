import type { EvaluatedRun } from './runs.ts'

/** A setting in which runs differ: its value in each of them, `–` where a run does not have it. */
export interface SettingDifference {
  name: string
  values: string[]
}

/** Where results are written and how a run is started over changes nothing in it. */
const free = new Set(['out', 'resume', 'force', 'cacheDir'])

/**
 * The settings (`stage1.steps`) that are not the same in all runs, in order of appearance. That a run of another command does not
 * have a setting is no difference.
 */
export function settingDifferences(runs: readonly Pick<EvaluatedRun, 'report'>[]): SettingDifference[] {
  const settings = runs.map(({ report }) => new Map(leaves(report.provenance.config, '')))
  const commands = runs.map(({ report }) => commandOf(report))
  const names = new Set(settings.flatMap((config) => [...config.keys()]))
  return [...names].flatMap((name) => {
    const values = settings.map((config) => config.get(name))
    const known = new Set(commands.filter((_, i) => values[i] !== undefined))
    const counted = values.filter((_, i) => known.has(commands[i]))
    return free.has(name) || new Set(counted).size < 2 ? [] : [{ name, values: values.map((value) => value ?? '–') }]
  })
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
