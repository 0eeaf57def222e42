import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

/** What a run's config.json says of the data and the teacher that its model was made with. */
export interface TrainedOn {
  corpus?: string
  imagesDir?: string
  languages?: string[]
  teacher?: string
}

/**
 * Reads it for a run, or for a folder in one (`runs/distill/export`, `runs/distill/stage2/student`); undefined where there is no run.
 */
export async function trainedOn(dir: string): Promise<TrainedOn | undefined> {
  const own = resolve(dir)
  for (const place of [own, dirname(own), dirname(dirname(own))]) {
    const file = join(place, 'config.json')
    const config = existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as TrainedOn & { command?: string }) : undefined
    if (config?.command) return config // a model's own config.json has none
  }
  return undefined
}
