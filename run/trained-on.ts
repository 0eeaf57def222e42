import { dirname, resolve } from 'node:path'
import { runIn } from './run-folder.ts'

/** A corpus and languages of it, as flags name them. */
export interface DataFlags {
  corpus?: string
  imagesDir?: string
  languages?: string[]
}

/** What a run's config.json says of the data and the teacher that its model was made with. */
export interface TrainedOn extends DataFlags {
  teacher?: string
}

/**
 * Reads it for a run, or for a folder in one (`runs/distill/export`, `runs/distill/stage2/student`); undefined where there is no run.
 */
export async function trainedOn(dir: string): Promise<TrainedOn | undefined> {
  const own = resolve(dir)
  for (const place of [own, dirname(own), dirname(dirname(own))]) {
    const config = await runIn(place)
    if (config) return config
  }
  return undefined
}
