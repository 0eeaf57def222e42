import { commandLine } from '../run/command-line.ts'
import type { DataFlags } from '../run/trained-on.ts'
import { distillSettings } from '../stages/settings/distill.ts'

/**
 * What to type to distil a teacher on the data that it was trained on.
 * @param keepImageTower of a teacher whose image tower is small: its student learns texts alone, the pool's beside the captions
 */
export function distillLine(teacher: string, data: DataFlags, keepImageTower = false): string {
  const { corpus, imagesDir, captionLanguage, quoting, onBadSample, languages } = data
  const stage1 = keepImageTower ? { keepImageTower, textShare: 0.3 } : {}
  return commandLine('distill', distillSettings, { teacher, corpus, imagesDir, captionLanguage, quoting, onBadSample, languages, stage1, out: 'RUN' })
}
