import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { UserError } from '../../base/errors.ts'
import type { TrainingLog } from '../../report/material.ts'
import { trainingLogs } from '../../run/training-logs.ts'

const stageSchema = z.object({
  steps: z.int().positive().optional(),
  batchSize: z.int().positive().optional(),
  accumulate: z.int().positive().optional(),
})
const configSchema = stageSchema.extend({ command: z.string().optional(), stage1: stageSchema.optional(), stage2: stageSchema.optional() })
type Settings = z.output<typeof stageSchema>

/** A stage of a run as far as it has come. */
export interface LiveStage extends TrainingLog {
  /** Steps it is to run; undefined where no config.json says so. */
  steps?: number
  /** Images an optimizer step sees. */
  batch?: number
  /** When the log was last written, ms since 1970. */
  written: number
}

/**
 * Reads what a run folder holds while it is being written: a stage's own log, those of both stages of `distill`, and those of its
 * students without a teacher. Empty while nothing is logged yet.
 * @throws UserError for a folder that is missing, and as readLog does for a damaged log
 */
export async function readLiveRun(dir: string): Promise<LiveStage[]> {
  const found = await stat(dir).catch(() => undefined)
  if (!found?.isDirectory()) {
    const got = found ? 'a file' : 'no such folder'
    throw new UserError({ where: dir, expected: 'a run folder', got, hint: 'Name the --out of a command that trains.' })
  }
  const config = await readConfig(dir)
  const stages = await stagesIn(dir, '', config)
  const scratch = join(dir, 'scratch')
  const rates = (await readdir(scratch).catch(() => [])).filter((name) => name.startsWith('rate-')).sort()
  for (const rate of rates) stages.push(...(await stagesIn(join(scratch, rate), `Without a teacher, ${rate.replace('-', ' ')}: `, config)))
  return stages
}

/** Changes whenever readLiveRun would find something else: sizes and times of the logs. */
export async function signatureOf(dir: string): Promise<string> {
  const names = (await readdir(dir, { recursive: true }).catch(() => [])).filter((name) => basename(name) === 'log.jsonl').sort()
  const states = await Promise.all(names.map((name) => stat(join(dir, name)).catch(() => undefined)))
  return JSON.stringify(names.map((name, i) => [name, states[i]?.size, states[i]?.mtimeMs]))
}

async function stagesIn(dir: string, prefix: string, config: Record<string, Settings>): Promise<LiveStage[]> {
  const logs = await trainingLogs(dir)
  return Promise.all(
    logs.map(async ({ name, lines }) => {
      const folder = name === 'Training' ? '.' : name.toLowerCase().replace(' ', '') // Stage 1 → stage1
      const { steps, batchSize, accumulate = 1 } = config[folder] ?? {}
      const { mtimeMs } = await stat(join(dir, folder, 'log.jsonl'))
      return { name: prefix + name, lines, steps, batch: batchSize && batchSize * accumulate, written: mtimeMs }
    }),
  )
}

/** Settings by stage folder; a stage of `distill` has them in its parent's file. Without a file the page has no totals. */
async function readConfig(dir: string): Promise<Record<string, Settings>> {
  const own = await parse(join(dir, 'config.json'))
  if (own) return { '.': own, ...(own.stage1 && { stage1: own.stage1 }), ...(own.stage2 && { stage2: own.stage2 }) }
  const above = await parse(join(dirname(dir), 'config.json'))
  const name = basename(dir)
  const found = name === 'stage1' || name === 'stage2' ? above?.[name] : undefined
  return found ? { '.': found } : {}
}

async function parse(file: string): Promise<z.output<typeof configSchema> | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    return configSchema.parse(JSON.parse(text))
  } catch (error) {
    const got = error instanceof z.ZodError ? `${error.issues[0]!.path.join('.')}: ${error.issues[0]!.message}` : (error as Error).message
    throw new UserError({ where: file, expected: "a run's settings", got, hint: 'Restore the file, or name another run.' })
  }
}
