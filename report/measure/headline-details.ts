import { grouped } from '../../base/grouped.ts'
import { progress } from '../../base/progress.ts'
import type { Classification } from '../../corpora/classification.ts'
import type { PixelCache } from '../../corpora/pixel-cache.ts'
import type { RetrievalTask } from '../../corpora/retrieval-task.ts'
import { classTasks } from '../../eval/class-tasks.ts'
import { crossLingualConsistency } from '../../eval/consistency.ts'
import type { RetrievalResult } from '../../eval/retrieval.ts'
import { zeroShot } from '../../eval/zero-shot.ts'
import { embedTexts } from '../../models/embed.ts'
import { pickExamples, similarityMap } from '../examples.ts'
import type { ReportMaterial } from '../material.ts'
import { confusionTable, consistencyRow, groupRows, zeroShotRow } from '../rows.ts'
import type { ConsistencyRow, GroupRow, ZeroShotRow } from '../schema.ts'
import type { ModelEntry } from './model-entry.ts'
import { subjectOf } from './subject.ts'
import { thumbnailsOf } from './thumbnails.ts'

/** One model's embeddings of a task, and what they found. */
export interface Embedded {
  entry: ModelEntry
  task: RetrievalTask
  /** Of the task's images, at the model's size. */
  pixels: PixelCache
  result: RetrievalResult
  /** [task.images, E] */
  images: Float32Array
  /** [task.texts, E] */
  texts: Float32Array
}

/** What a report says of its headline protocol beyond recall. Parts that the corpus has no data for are absent. */
export interface Details {
  zeroShot?: ZeroShotRow[]
  consistency?: ConsistencyRow[]
  groups?: GroupRow[]
  material: Required<Pick<ReportMaterial, 'examples' | 'similarities' | 'confusions'>>
}

/**
 * Measures one protocol in detail, for every model: zero-shot classification by the classes of its images, agreement between each
 * two languages, recall by group of images. Of one model (the student in its most precise format, else the first) also what it
 * takes for what, worst and best queries, and similarities.
 * @param measured every model in every language of the protocol
 * @param classifications the classes that its images have names of
 * @param classLanguages further languages to name classes in: images need no captions to be classified
 */
export async function measureDetails(
  measured: readonly Embedded[],
  classifications: readonly Classification[],
  classLanguages: readonly string[] = [],
): Promise<Details> {
  const subject = subjectOf(measured)
  const material: Details['material'] = { examples: [], similarities: [], confusions: [] }
  const zeroShotRows: ZeroShotRow[] = []
  const groups: GroupRow[] = []
  const consistency: ConsistencyRow[] = []
  const further = classLanguages.filter((language) => !measured.some(({ task }) => task.language === language))
  const models = grouped(measured, ({ entry: { model, dtype } }) => `${model} ${dtype}`)
  const bar = progress('classes, groups, languages', measured.length + models.size, 'parts')
  let done = 0
  try {
    for (const one of measured) {
      const { entry, task, result, images, texts } = one
      const { model, dtype, encoder } = entry
      groups.push(...groupRows(model, dtype, task, result))
      const first = models.get(`${model} ${dtype}`)![0] === one
      const named = [task.language, ...(first ? further : [])]
      for (const { task: classes, templates } of named.flatMap((language) => classTasks({ ...task, language }, classifications))) {
        const measures = await zeroShot(classes, templates, images, (prompts) => embedTexts(encoder, prompts))
        zeroShotRows.push(zeroShotRow(model, dtype, classes, templates, measures))
        if (entry === subject && classes.language === task.language) material.confusions.push(confusionTable(model, classes, measures))
      }
      if (entry === subject) {
        material.examples.push(await pickExamples(task, result, images, texts, thumbnailsOf(one), { model }))
        material.similarities.push(await similarityMap(task, images, texts, thumbnailsOf(one), { model }))
      }
      bar.update(++done, `${model} ${dtype} ${task.language}`)
    }
    for (const [name, languages] of models) {
      consistency.push(...(await agreement(languages)))
      bar.update(++done, `${name}, languages`)
    }
  } finally {
    bar.stop()
  }
  return {
    ...(zeroShotRows.length > 0 ? { zeroShot: zeroShotRows } : {}),
    ...(consistency.length > 0 ? { consistency } : {}),
    ...(groups.length > 0 ? { groups } : {}),
    material,
  }
}

/** A row for each two languages of one model that have captions of the same images. */
async function agreement(languages: readonly Embedded[]): Promise<ConsistencyRow[]> {
  const rows: ConsistencyRow[] = []
  for (const [i, a] of languages.entries()) {
    const ids = new Set(a.task.images.map(({ id }) => id))
    for (const b of languages.slice(i + 1)) {
      if (!b.task.images.some(({ id }) => ids.has(id))) continue
      const { model, dtype } = a.entry
      const measures = await crossLingualConsistency({ task: a.task, textEmbeds: a.texts }, { task: b.task, textEmbeds: b.texts }, a.images)
      rows.push(consistencyRow(model, dtype, a.task, measures))
    }
  }
  return rows
}
