import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { normal, random } from '../../../base/random.ts'
import { scoreRows, unitRows } from '../../../eval/similarity.ts'
import { blockIds, packBlock } from '../../../search/index/block.ts'
import { blockReader, fillBlocks } from '../../../search/index/blocks.ts'
import { type Database, openDatabase } from '../../../search/index/database.ts'
import { nearestExact } from '../../../search/index/nearest.ts'
import { scanBlocks } from '../../../search/index/scan.ts'
import { putFile, removeFile, schema } from '../../../search/index/store.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

type Draw = () => number

/** Kinds of embeddings [count, dim] that are hard in different ways. */
const kinds: Record<string, (count: number, dim: number, draw: Draw) => Float32Array> = {
  spread: (count, dim, draw) => unitRows(normals(count, dim, draw), dim),
  /** Differences far below a step of int8. */
  crowded: (count, dim, draw) => {
    const one = normals(1, dim, draw)
    return unitRows(
      Float32Array.from({ length: count * dim }, (_, i) => one[i % dim]! + 1e-4 * normal(draw)),
      dim,
    )
  },
  /** One component that is far larger than the others, as in embeddings of CLIP. */
  peaked: (count, dim, draw) =>
    unitRows(
      normals(count, dim, draw).map((value, i) => (i % dim === 0 ? 30 + value : value)),
      dim,
    ),
  /** Many rows of the same bytes: ties. */
  repeated: (count, dim, draw) => {
    const few = unitRows(normals(5, dim, draw), dim)
    return Float32Array.from({ length: count * dim }, (_, i) => few[((Math.floor(i / dim) * 7) % 5) * dim + (i % dim)]!)
  },
  /** Rows of zeros, of any length, and of one component. */
  odd: (count, dim, draw) =>
    normals(count, dim, draw).map((value, i) => {
      const row = Math.floor(i / dim)
      if (row % 4 === 0) return 0
      return row % 4 === 1 && i % dim > 0 ? 0 : value * 10 ** ((row % 9) - 4)
    }),
}

function normals(count: number, dim: number, draw: Draw): Float32Array {
  return Float32Array.from({ length: count * dim }, () => normal(draw))
}

/** Path → embedding, as a plain search of them all ranks them. */
function bruteForce(stored: Map<string, Float32Array>, query: Float32Array, count: number) {
  const score = new Float32Array(1)
  const all = Array.from(stored, ([path, vector]) => {
    scoreRows(query, 0, 1, vector, query.length, score)
    return { path, score: score[0]! }
  })
  return all.sort((a, b) => b.score - a.score || (a.path < b.path ? -1 : 1)).slice(0, count)
}

async function emptyIndex(t: ExecutionContext): Promise<Database> {
  const db = await openDatabase(join(await temporaryFolder(t), 'pictures.index'), schema)
  t.teardown(() => db.close())
  return db
}

for (const [kind, make] of Object.entries(kinds)) {
  test(`search in blocks is the plain search of all embeddings: ${kind}`, async (t) => {
    for (const [round, dim] of [1, 32, 257].entries()) {
      const draw = random(round, dim, kind.length)
      const db = await emptyIndex(t)
      const count = blockIds + 1 + Math.floor(draw() * 300)
      const vectors = make(count, dim, draw)
      const stored = new Map<string, Float32Array>()
      db.transaction(() => {
        for (let i = 0; i < count; i++) {
          const path = `${(i * 7919) % count}.png` // the order of paths is not that of ids
          const vector = vectors.slice(i * dim, (i + 1) * dim)
          putFile(db, { path, size: 1, mtime: '1' }, '', vector[0]! > 2 ? { fault: 'broken' } : { vector })
          if (vector[0]! <= 2) stored.set(path, vector)
        }
      })
      const read = blockReader(db, dim)
      const compare = (when: string) => {
        const queries = [...unitRows(normals(2, dim, draw), dim), ...make(2, dim, draw)]
        for (const top of [1, 10, 2000]) {
          const found = nearestExact(db, read(), Float32Array.from(queries), dim, top)
          found.forEach((best, q) => {
            const expected = bruteForce(stored, Float32Array.from(queries.slice(q * dim, (q + 1) * dim)), top)
            const ranked = best.map(({ path, score }) => ({ path, score }))
            t.true(isDeepStrictEqual(ranked, expected), `${when}, ${dim} dimensions, query ${q}, first ${top}`)
          })
        }
      }
      compare('before any block is stored')
      fillBlocks(db, dim)
      compare('from stored blocks')
      for (const path of [...stored.keys()].filter(() => draw() < 0.05)) {
        removeFile(db, path)
        stored.delete(path)
      }
      compare('after some went')
    }
  })
}

test('a candidate scores at most its bound, and few rows are candidates', (t) => {
  const [dim, count, top] = [256, 20_000, 10]
  const draw = random(1)
  const vectors = unitRows(normals(count, dim, draw), dim)
  const query = unitRows(normals(1, dim, draw), dim)
  const blocks = Array.from({ length: Math.ceil(count / blockIds) }, (_, n) => {
    const ids = Array.from({ length: Math.min(blockIds, count - n * blockIds) }, (_, i) => n * blockIds + i)
    return packBlock(n * blockIds, ids, vectors.subarray(ids[0]! * dim, (ids.at(-1)! + 1) * dim), dim)
  })
  const scores = new Float32Array(count)
  scoreRows(query, 0, 1, vectors, dim, scores)
  const [candidates] = scanBlocks(blocks, query, dim, top)
  t.true(candidates!.length >= top && candidates!.length < 5 * top, `${candidates!.length}`)
  const over = candidates!.map(({ id, upper }) => upper - scores[id]!)
  t.true(Math.min(...over) >= 0)
  t.true(Math.max(...over) < 0.03, 'twice the bound, which is below 1.5 % for unit vectors of 256')
})
