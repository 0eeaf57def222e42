import { dirname, join, resolve } from 'node:path'
import type { OnBadSample } from '../corpora/bad-row.ts'
import { captionsFile } from './captions-file.ts'
import { runIn } from './run-folder.ts'

/** A corpus and languages of it, as flags name them. */
export interface DataFlags {
  corpus?: string
  imagesDir?: string
  captionLanguage?: string
  quoting?: boolean
  onBadSample?: OnBadSample
  languages?: string[]
}

/** What a run's config.json says of the data and the teacher that its model was made with. */
export interface TrainedOn extends DataFlags {
  /** Which command trained it. */
  command?: string
  teacher?: string
  /** Pictures that it learnt beside the corpus. */
  pictures?: string
}

/**
 * Reads it for a run, or for a folder in one (`runs/distill/export`, `runs/distill/stage2/student`); undefined where there is no run.
 */
export async function trainedOn(dir: string): Promise<TrainedOn | undefined> {
  const path = resolve(dir)
  for (const place of [path, dirname(path), dirname(dirname(path))]) {
    const config = await runIn(place)
    // Pictures without captions have those that the teacher gave them.
    if (config?.images) return { ...config, corpus: join(place, captionsFile), imagesDir: `${config.images}` }
    if (config) return config
  }
  return undefined
}
