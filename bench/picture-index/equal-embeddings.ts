import { readAbout } from '../../search/index/about.ts'
import { openDatabase } from '../../search/index/database.ts'
import { vectorBlocks } from '../../search/index/store.ts'

/** How many pictures have the same embedding in both indexes, bit for bit. */
export async function equalEmbeddings(file: string, other: string): Promise<number> {
  const known = await embeddingsOf(other)
  return [...(await embeddingsOf(file))].filter(([path, vector]) => known.get(path)?.equals(vector)).length
}

async function embeddingsOf(file: string): Promise<Map<string, Buffer>> {
  const db = await openDatabase(file)
  try {
    const { embedDim: dim } = readAbout(db)!
    const rows = [...vectorBlocks(db, dim)].flatMap(({ paths, vectors }) =>
      paths.map((path, i) => [path, Buffer.from(vectors.slice(i * dim, (i + 1) * dim).buffer)] as const),
    )
    return new Map(rows)
  } finally {
    db.close()
  }
}
