import { UserError } from '../base/errors.ts'
import { languageHint } from '../corpora/language-hint.ts'
import type { OpenCorpus } from '../corpora/open.ts'
import type { PixelCache } from '../corpora/pixel-cache.ts'
import type { RetrievalTask } from '../corpora/retrieval-task.ts'
import type { Language } from '../corpora/sample.ts'
import { embedCached, embedTexts } from '../models/embed.ts'
import type { Encoder } from '../models/encoder.ts'
import { languageGap } from './languages.ts'
import { evaluateRetrieval } from './retrieval.ts'
import { prepareTask } from './retrieval-tasks.ts'

/**
 * @throws UserError when the validation protocol has no captions in one of the languages: found out before anything is trained
 */
export function requireValidation({ corpus, defaultValidation, languagesOf }: OpenCorpus, languages: Language[]): void {
  const there = languagesOf(defaultValidation)
  const missing = languages.find((language) => !there.includes(language))
  if (missing === undefined) return
  throw new UserError({
    where: `corpus ${corpus.name}, ${defaultValidation}`,
    expected: `images with captions in ${languages.join(' and ')}: recall on them is what training is watched by`,
    got: `captions in ${there.join(', ') || 'none of them'}`,
    hint: `${languageHint(corpus, [missing])} Or give some images of this split captions in ${missing}.`,
  })
}

/**
 * A function that measures mean recall per language on the corpus' validation protocol, and the gap between languages.
 * @param options.imagesLearn whether embeddings of pictures change from one call to the next; false: each picture is embedded once
 */
export async function validation(
  open: OpenCorpus,
  languages: Language[],
  encoder: Encoder,
  cacheDir: string,
  { imagesLearn = true }: { imagesLearn?: boolean } = {},
): Promise<() => Promise<Record<string, number>>> {
  const tasks: RetrievalTask[] = []
  for (const language of languages) tasks.push(await open.task(open.defaultValidation, language))
  const prepared = (task: RetrievalTask) => prepareTask(task, encoder, cacheDir)
  for (const task of tasks) (await prepared(task)).pixels.close() // decoded before anything is trained
  const embedded = new Map<string, Float32Array>() // by the file of their pixels, which languages share
  const imagesOf = async (pixels: PixelCache) => {
    const rows = embedded.get(pixels.file) ?? (await embedCached(encoder, pixels))
    if (!imagesLearn) embedded.set(pixels.file, rows)
    return rows
  }
  return async () => {
    const scores: Record<string, number> = {}
    const recalls: Record<string, number> = {}
    for (const task of tasks) {
      const { pixels } = await prepared(task)
      const images = await imagesOf(pixels).finally(() => pixels.close())
      const { metrics, language } = await evaluateRetrieval(task, images, await embedTexts(encoder, task.texts))
      recalls[language] = metrics.mean_recall
      scores[`validation_mean_recall_${language}`] = metrics.mean_recall
      scores[`validation_text_to_image_R@1_${language}`] = metrics['text_to_image_R@1']
    }
    return { ...scores, language_gap: languageGap(recalls) }
  }
}
