import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { parseJson } from '../base/json.ts'
import { pictureCredits } from '../corpora/open-pictures.ts'
import type { CardOptions } from '../export/card.ts'
import { parseReport, type Report } from '../report/schema.ts'
import type { RunData } from './run-data.ts'
import type { TrainedOn } from './trained-on.ts'

/** What a model card says of data, languages, teacher and domain. */
export function cardData({ open, languages = open.corpus.languages }: RunData, { teacher, pictures }: TrainedOn = {}): CardOptions {
  const { name, licence } = open.corpus
  return {
    languages,
    data: [{ corpus: name, licence }, ...pictureCredits(pictures)],
    limits: [open.domain],
    ...(teacher ? { teacher: basename(resolve(teacher)) } : {}),
  }
}

/** The evaluation that lies in a run folder, if it has been evaluated. */
export async function reportIn(run: string): Promise<Report | undefined> {
  const file = join(run, 'report.json')
  return existsSync(file) ? parseReport(parseJson(await readFile(file, 'utf8'), file, 'Evaluate the run again.'), file) : undefined
}
