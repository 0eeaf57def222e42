import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readLog } from '../report/log.ts'
import type { TrainingLog } from '../report/material.ts'

const stages = [
  { name: 'Training', folder: '.' },
  { name: 'Stage 1', folder: 'stage1' },
  { name: 'Stage 2', folder: 'stage2' },
]

/** The logs that a run folder holds: that of its one stage, or those of both stages; none for a folder with a model alone. Throws UserError as readLog does. */
export async function trainingLogs(dir: string): Promise<TrainingLog[]> {
  const files = stages.map(({ name, folder }) => ({ name, file: join(dir, folder, 'log.jsonl') })).filter(({ file }) => existsSync(file))
  return Promise.all(files.map(async ({ name, file }) => ({ name, lines: await readLog(file) })))
}
