import { progress } from '../../base/progress.ts'
import { permutation, random } from '../../base/random.ts'
import { wordsIn } from '../../corpora/emoji/text.ts'
import { embedTexts } from '../../models/embed.ts'
import type { Encoder } from '../../models/encoder.ts'
import type { About } from './about.ts'
import { blockReader } from './blocks.ts'
import type { Database } from './database.ts'
import { nearestApproximate, nearestExact } from './nearest.ts'
import { asBytes, countImages, vectorOf } from './store.ts'

/** Queries of each kind. */
const sample = 100
const best = 10

/**
 * Measures recall@10 of the graph against exact search: the share of the ten best images that it finds, an image that scores as high
 * as the tenth counting as one of them. Asked are a seeded sample of the index's own embeddings, and of names that people use (CLDR's,
 * English and Chinese), because texts lie elsewhere in the space than pictures do.
 */
export async function measureRecall(db: Database, encoder: Encoder, seed = 1): Promise<NonNullable<About['recall']>> {
  const { embedDim: dim } = encoder
  const pictures = storedEmbeddings(db, dim, seed)
  const texts = await embedTexts(encoder, namesToAsk(sample, seed))
  const queries = new Float32Array(pictures.length + texts.length)
  queries.set(pictures)
  queries.set(texts, pictures.length)

  const { images } = countImages(db)
  const bar = progress('recall', images, 'images')
  const exact = nearestExact(db, blockReader(db, dim)(), queries, dim, best, (done) => bar.update(done))
  bar.stop()
  const recalls = exact.map((right, q) => {
    const least = right.at(-1)!.score
    const approximate = nearestApproximate(db, queries.subarray(q * dim, (q + 1) * dim), right.length)
    return approximate.filter(({ score }) => score >= least).length / right.length
  })
  const stored = pictures.length / dim
  return { pictures: mean(recalls.slice(0, stored)), words: mean(recalls.slice(stored)), queries: recalls.length }
}

/** Names that people use (CLDR's, English and Chinese), drawn by seed. */
export function namesToAsk(count: number, seed: number): string[] {
  const names = ['en', 'zh'].flatMap((language) => Object.values(wordsIn(language)).map(([name]) => name!))
  return Array.from(permutation(names.length, random(seed)).subarray(0, count), (i) => names[i]!)
}

function storedEmbeddings(db: Database, dim: number, seed: number): Float32Array {
  const ids = db.all('SELECT id FROM images WHERE vector IS NOT NULL ORDER BY path').map(({ id }) => Number(id))
  const chosen = permutation(ids.length, random(seed, 1)).subarray(0, sample)
  const rows = new Float32Array(chosen.length * dim)
  chosen.forEach((i, n) => {
    const [row] = db.all(`SELECT ${asBytes('path', 'vector')} FROM images WHERE id = ?`, [ids[i]!])
    rows.set(vectorOf(db, row!, dim), n * dim)
  })
  return rows
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
