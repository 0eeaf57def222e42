import type { OpenCorpus } from '../../corpora/open.ts'
import type { RetrievalTask } from '../../corpora/retrieval-task.ts'
import type { Language } from '../../corpora/sample.ts'
import { languageGap } from '../../eval/languages.ts'
import { evaluateRetrieval } from '../../eval/retrieval.ts'
import type { ImageFeatureTower, TextFeatureTower } from '../../models/onnx/feature-tower.ts'
import { type FeatureRows, pictureFeatures, wordFeatures } from './tower-features.ts'
import { centredUnit } from './vectors.ts'

/** Pictures and texts of the validation protocols, gone through the towers once. */
export interface ValidationSet {
  /** Of all pictures, once each. */
  pictures: FeatureRows[]
  /** Centred unit vectors of all texts, once each. [T, E] */
  texts: Float32Array
  /** Embeddings of all pictures [M, E] and of all texts [T, E] → mean recall and text→image R@1 by protocol and language, and their means by language. */
  measure(pictures: Float32Array, texts: Float32Array): Promise<Record<string, number>>
}

/** The protocols that choices are made on: those called validation, else the corpus' own. */
export function validationProtocols({ protocols, defaultValidation }: OpenCorpus): string[] {
  const named = protocols.filter((protocol) => protocol.startsWith('validation-'))
  return named.length > 0 ? named : [defaultValidation]
}

interface Towers {
  image: ImageFeatureTower
  text: TextFeatureTower
}

/**
 * Reads the protocols' features.
 * @param centre mean that texts are freed of [E]
 */
export async function validationSet(
  { open, protocols, languages, cacheDir }: { open: OpenCorpus; protocols: string[]; languages: Language[]; cacheDir: string },
  { image, text }: Towers,
  centre: Float32Array,
): Promise<ValidationSet> {
  const tasks: RetrievalTask[] = []
  for (const protocol of protocols)
    for (const language of languages) if (open.languagesOf(protocol).includes(language)) tasks.push(await open.task(protocol, language))
  const sources = new Map(tasks.flatMap(({ images }) => images.map(({ source }) => [source.key, source] as const)))
  const places = new Map([...sources.keys()].map((key, i) => [key, i]))
  const texts = [...new Set(tasks.flatMap((task) => task.texts))]
  const textPlaces = new Map(texts.map((text, i) => [text, i]))
  const pictures = await pictureFeatures(image, [...sources.values()], cacheDir)
  const [words] = await wordFeatures(text, texts, cacheDir)
  const width = words!.width
  return {
    pictures,
    texts: centredUnit(words!.data, width, centre),
    async measure(ofPictures, ofTexts) {
      const byLanguage: Record<Language, { recall: number[]; first: number[] }> = {}
      const scores: Record<string, number> = {}
      for (const task of tasks) {
        const images = gathered(
          ofPictures,
          width,
          task.images.map(({ source }) => places.get(source.key)!),
        )
        const { metrics } = await evaluateRetrieval(
          task,
          images,
          gathered(
            ofTexts,
            width,
            task.texts.map((text) => textPlaces.get(text)!),
          ),
        )
        const means = (byLanguage[task.language] ??= { recall: [], first: [] })
        means.recall.push(metrics.mean_recall)
        means.first.push(metrics['text_to_image_R@1'])
        if (protocols.length > 1) scores[`${task.protocol}_mean_recall_${task.language}`] = metrics.mean_recall
      }
      const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length
      const recalls = Object.fromEntries(Object.entries(byLanguage).map(([language, { recall }]) => [language, mean(recall)]))
      for (const [language, { first }] of Object.entries(byLanguage)) {
        scores[`validation_mean_recall_${language}`] = recalls[language]!
        scores[`validation_text_to_image_R@1_${language}`] = mean(first)
      }
      return { ...scores, language_gap: languageGap(recalls) }
    },
  }
}

/** Mean over languages of what `measure` found. */
export function meanRecall(scores: Record<string, number>): number {
  const recalls = Object.entries(scores).flatMap(([name, value]) => (name.startsWith('validation_mean_recall_') ? [value] : []))
  return recalls.reduce((a, b) => a + b, 0) / recalls.length
}

function gathered(rows: Float32Array, width: number, indices: readonly number[]): Float32Array {
  const result = new Float32Array(indices.length * width)
  indices.forEach((row, i) => result.set(rows.subarray(row * width, (row + 1) * width), i * width))
  return result
}
