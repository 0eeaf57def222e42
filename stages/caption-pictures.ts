import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../base/disk.ts'
import { UserError } from '../base/errors.ts'
import { notice } from '../base/watch.ts'
import { type OpenCorpus, openCorpus } from '../corpora/open.ts'
import type { Pictures } from '../corpora/picture-folder.ts'
import { buildPixelCache } from '../corpora/pixel-cache.ts'
import type { Language } from '../corpora/sample.ts'
import { pseudoCaptions } from '../eval/pseudo-captions.ts'
import type { SearchHit } from '../eval/search.ts'
import type { Encoder } from '../models/encoder.ts'
import { captionsFile } from '../run/captions-file.ts'
import type { PoolSettings } from '../training/pool-settings.ts'
import { imageFeatures } from '../training/teachers/image-features.ts'
import { textFeatures } from '../training/teachers/text-features.ts'
import { poolTexts } from './pool-source.ts'

interface Captioning {
  /** Folder of the pictures. */
  folder: string
  pictures: Pictures
  teacher: Encoder
  pool: PoolSettings
  languages: Language[]
  /** Run folder: gets teacher-captions.jsonl. */
  out: string
  cacheDir: string
  threads?: number
}

/** Fewer captioned pictures would leave no language a validation. */
const fewestCaptions = 40

/**
 * Pseudo-captions: gives pictures without captions the texts of the pool that the teacher finds nearest (see pseudoCaptions), one a language where it is near enough, and
 * opens them as a corpus. Writes out/teacher-captions.jsonl, or finds it there.
 * @throws UserError for pictures that the teacher does not tell apart, and where hardly one has a caption
 */
export async function captionPictures(run: Captioning): Promise<OpenCorpus> {
  const file = join(run.out, captionsFile)
  if (!existsSync(file)) await writeFileAtomic(file, await captionLines(run))
  return await openCorpus(file, { imagesDir: run.folder, languages: run.languages })
}

async function captionLines({ folder, pictures, teacher, pool, languages, cacheDir, threads }: Captioning): Promise<string> {
  const { samples } = pictures
  const { set } = await poolTexts({ ...pool, languages }, { teacher, others: [] })
  const texts = await textFeatures(teacher, set.texts, cacheDir)
  const imageEmbeds = await plainFeatures(
    samples.map(({ image }) => image),
    teacher,
    cacheDir,
  )
  const captions = samples.map((): Record<Language, string> => ({}))
  for (const [i, language] of languages.entries()) {
    const learnt = set.unpaired![i]!
    const textEmbeds = texts.read(learnt.map((text) => set.targets![text]!))
    const sizes = [
      { imageEmbeds, images: samples.length },
      { textEmbeds, texts: learnt.length },
    ] as const
    const { nearest, minScore, found } = await pseudoCaptions(`captions of ${folder}, ${language}`, ...sizes, { threads })
    const isNear = ({ score }: SearchHit) => score >= minScore
    for (const [picture, hit] of nearest.entries()) if (isNear(hit)) captions[picture]![language] = set.texts[learnt[hit.index]!]!
    const kept = nearest.filter(isNear).length
    if (kept < fewestCaptions) throw tooFew(folder, language, kept, samples.length)
    const distinct = new Set(captions.map((caption) => caption[language])).size
    notice(
      `captions: ${kept} of ${samples.length} pictures have one in ${language} (${distinct} texts, cosine ≥ ${minScore.toFixed(3)}; ${Math.round(100 * found)} % of held-out ones found first by theirs)`,
    )
  }
  const lines = samples.flatMap(({ id }, i) => (Object.keys(captions[i]!).length > 0 ? [JSON.stringify({ image: id, captions: captions[i] })] : []))
  return `${lines.join('\n')}\n`
}

async function plainFeatures(images: Pictures['samples'][number]['image'][], teacher: Encoder, cacheDir: string): Promise<Float32Array> {
  const { imageSize: size, framing } = teacher
  const pixels = await buildPixelCache(images, { dir: cacheDir, size, framing })
  try {
    const options = { cacheDir, variants: 1, targets: 'plain', policy: { name: 'none', strength: 0 }, seed: 1 } as const
    return (await imageFeatures(teacher, pixels, { ...options, imageTower: await teacher.imageTowerId?.() })).plainImages(
      Uint32Array.from(images.keys()),
    )
  } finally {
    pixels.close()
  }
}

function tooFew(where: string, language: Language, got: number, count: number): UserError {
  return new UserError({
    where,
    expected: `${fewestCaptions} pictures at least that a text of the pool in ${language} fits`,
    got: `${got} of ${count}`,
    hint: 'Add pictures, or --texts with words for what they show.',
  })
}
