import { commandLine } from '../run/command-line.ts'
import type { DataFlags } from '../run/trained-on.ts'
import { stage1CommandSettings } from '../stages/settings/stage1.ts'

/** What to type to distil a teacher on the data that it was trained on. */
export function stage1Line(teacher: string, { corpus, imagesDir, captionLanguage, quoting, onBadSample, languages }: DataFlags): string {
  return commandLine('stage1', stage1CommandSettings, { teacher, corpus, imagesDir, captionLanguage, quoting, onBadSample, languages, out: 'RUN' })
}
