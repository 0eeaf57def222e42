import { permutation, random } from '../base/random.ts'
import type { OpenCorpus } from '../corpora/open.ts'
import { buildPixelCache } from '../corpora/pixel-cache.ts'
import { openPool, poolTexts } from '../corpora/pool/open.ts'
import type { ImageSource, Language } from '../corpora/sample.ts'
import { rankingAgreement } from '../eval/ranking-agreement.ts'
import type { Threshold } from '../eval/threshold.ts'
import { embedCached, embedTexts } from '../models/embed.ts'
import type { ModelDtype } from '../models/onnx/dtypes.ts'
import type { ModelEntry } from '../report/measure/model-entry.ts'
import type { TeacherAgreementRow } from '../report/schema.ts'

interface Asked {
  open: OpenCorpus
  languages: Language[]
  /** Files of a user's texts in the pool. */
  files?: string[]
  cacheDir: string
  thresholds?: Partial<Record<ModelDtype, Threshold>>
}

/** Texts of the pool a language. */
const queries = 1000

/**
 * How alike each model and the teacher, which comes first, rank the held-out pictures for texts of the pool: what can be measured without captions.
 * @throws UserError for embeddings that are not finite
 */
export async function teacherAgreement([teacher, ...models]: ModelEntry[], asked: Asked): Promise<TeacherAgreementRow[]> {
  const { open, languages, files, thresholds = {} } = asked
  const pool = poolTexts(await openPool({ languages, heldOut: open.heldOut?.(), files }))
  const sources: ImageSource[] = []
  for (const split of open.protocols) if (split !== 'train') for await (const { image } of open.corpus.samples(split as 'val')) sources.push(image)
  const rows: TeacherAgreementRow[] = []
  const texts = new Map(languages.map((language) => [language, draw(pool[language]!)]))
  const theirs = await embedded(teacher!, sources, texts, asked.cacheDir)
  for (const entry of models) {
    const ours = await embedded(entry, sources, texts, asked.cacheDir)
    for (const [language, { length }] of texts) {
      const side = ({ images, words }: typeof ours) => ({ images, texts: words.get(language)! })
      const counts = { images: sources.length, texts: length }
      const { metrics, best } = await rankingAgreement(`agreement with the teacher, ${language}`, side(theirs), side(ours), counts)
      const threshold = thresholds[entry.dtype as ModelDtype]?.value
      const unfit = threshold === undefined ? undefined : best.filter((score) => score < threshold).length
      rows.push({
        model: entry.model,
        dtype: entry.dtype,
        corpus: open.corpus.name,
        protocol: 'pool',
        language,
        queries: length,
        gallery: sources.length,
        metrics,
        ...(unfit !== undefined && { unfit }),
      })
    }
  }
  return rows
}

function draw(texts: string[]): string[] {
  return [...permutation(texts.length, random(1)).subarray(0, queries)].map((i) => texts[i]!)
}

async function embedded({ encoder }: ModelEntry, sources: ImageSource[], texts: Map<Language, string[]>, dir: string) {
  const pixels = await buildPixelCache(sources, { dir, size: encoder.imageSize, framing: encoder.framing })
  try {
    const words = new Map<Language, Float32Array>()
    for (const [language, list] of texts) words.set(language, await embedTexts(encoder, list))
    return { images: await embedCached(encoder, pixels), words }
  } finally {
    pixels.close()
  }
}
