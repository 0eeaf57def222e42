import type { OpenCorpus } from '../../corpora/open.ts'
import { groupResults } from '../../eval/groups.ts'
import { prepareTask, runTask } from '../../eval/retrieval-tasks.ts'
import type { Encoder } from '../../models/encoder.ts'
import type { Measures } from './job.ts'
import type { Place } from './place.ts'

/**
 * Validation mean recall of the queries about the rarest tenth of the classes, `rare.LANG`; how many classes, and queries each way, that is:
 * `rareClasses`, `rareQueries`. A class is rare by its number of training images; candidates are the whole gallery.
 * @param column of the manifest, as --class-column names it
 */
export async function rareRecall(open: OpenCorpus, column: string, place: Place, encoder: Encoder): Promise<Measures> {
  const { rare, labelOf } = await rarestClasses(open, column)
  const isRare = (classId: string | undefined) => rare.has(labelOf.get(classId ?? '') ?? '')
  const measures: Measures = { rareClasses: rare.size }
  for (const language of place.languages) {
    const task = await open.task(open.defaultValidation, language)
    const marked = { ...task, images: task.images.map((image) => ({ ...image, group: isRare(image.classId) ? 'rare' : 'other' })) }
    const prepared = await prepareTask(marked, encoder, place.cacheDir)
    const found = groupResults(marked, await runTask(encoder, prepared)).find(({ group }) => group === 'rare')
    prepared.pixels.close()
    if (!found) continue // the protocol has no picture of a rare class: there is nothing to say
    measures[`rare.${language}`] = found.metrics.mean_recall
    measures.rareQueries = found.queries
  }
  return measures
}

/** The tenth of a column's classes that the fewest training images are of, and the class of every concept. */
async function rarestClasses({ corpus }: OpenCorpus, column: string): Promise<{ rare: Set<string>; labelOf: Map<string, string> }> {
  const sizes = new Map<string, number>()
  const labelOf = new Map<string, string>()
  for await (const { classId, columns } of corpus.samples('train')) {
    const label = columns?.[column]
    if (label === undefined) continue
    sizes.set(label, (sizes.get(label) ?? 0) + 1)
    if (classId !== undefined) labelOf.set(classId, label)
  }
  const sorted = [...sizes].toSorted(([, a], [, b]) => a - b)
  return { rare: new Set(sorted.slice(0, Math.ceil(sorted.length / 10)).map(([label]) => label)), labelOf }
}
