import { mkdtemp, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { markdownTable } from 'markdown-table'
import { mkdir, rm } from '../base/disk.ts'
import { UserError } from '../base/errors.ts'
import { requireSpace } from '../base/free-space.ts'
import { progress } from '../base/progress.ts'
import { quantile } from '../eval/latency.ts'
import { largest, type SearchHit } from '../eval/search.ts'
import { scoreRows } from '../eval/similarity.ts'
import { type Block, blockIds, packBlock } from '../search/index/block.ts'
import { putBlock, storedBlock } from '../search/index/blocks.ts'
import { type Database, openDatabase } from '../search/index/database.ts'
import { type Candidate, scanBlocks } from '../search/index/scan.ts'
import { schema } from '../search/index/store.ts'
import { measured, type Rows } from './record/rows.ts'
import { blockNumbers, queriesOf, vectorsOf } from './search-blocks/vectors.ts'
import type { Flags } from './subject.ts'

export const searchBlocksFlags = { vectors: 1_000_000, dim: 256, queries: 20, top: 10, checked: 3, seed: 1, dir: '' }
type Plan = typeof searchBlocksFlags

interface Search {
  wall: number // ms
  processor: number // ms
  candidates: number
}

/**
 * Exact search in more vectors than memory need hold: unit vectors drawn by seed, of which a file keeps blocks of int8 as an index does, searched from the file.
 * The vectors of candidates are drawn again, untimed, where an index reads them. The first `checked` queries have to find what a plain search of all vectors in
 * float32 found while they were drawn. Prints a table and returns it; the file is deleted.
 * @throws UserError for numbers that are too small, and where the disk lacks room
 */
export async function benchSearchBlocks(flags: Flags): Promise<Rows> {
  const plan = flags as Plan
  requirePlan(plan)
  const bytes = plan.vectors * (plan.dim + 10)
  const parent = plan.dir || tmpdir()
  await requireSpace(parent, 1.1 * bytes, { what: 'the blocks', hint: 'Ask for fewer --vectors, or name another disk with --dir.' })
  await mkdir(parent)
  const dir = await mkdtemp(join(parent, 'distilingual-blocks-'))
  const file = join(dir, 'blocks.index')
  const db = await openDatabase(file, schema)
  try {
    const queries = queriesOf(plan, plan.queries)
    const plain = write(db, plan, queries)
    const searches = Array.from({ length: plan.queries }, (_, q) => search(db, plan, queries.subarray(q * plan.dim, (q + 1) * plan.dim), plain[q]))
    return report(plan, searches, (await stat(file)).size)
  } finally {
    db.close()
    await rm(dir)
  }
}

/** Writes all blocks. Returns what a plain search finds for the queries that are checked; `index` is the vector's. */
function write(db: Database, plan: Plan, queries: Float32Array): SearchHit[][] {
  const { dim, top, checked } = plan
  const plain = Array.from({ length: checked }, (): SearchHit[] => [])
  const scores = new Float32Array(blockIds)
  const bar = progress('blocks', blockNumbers(plan).length, 'blocks')
  for (const number of blockNumbers(plan)) {
    const vectors = vectorsOf(plan, number)
    const ids = Array.from({ length: vectors.length / dim }, (_, i) => number * blockIds + i)
    db.transaction(() => putBlock(db, packBlock(number * blockIds, ids, vectors, dim)))
    for (let q = 0; q < checked; q++) {
      scoreRows(queries, q, q + 1, vectors, dim, scores)
      const found = largest(scores.subarray(0, ids.length), top).map(({ index, score }) => ({ index: ids[index]!, score }))
      plain[q] = [...plain[q]!, ...found].sort(byRank).slice(0, top)
    }
    bar.update(number + 1)
  }
  bar.stop()
  return plain
}

function search(db: Database, plan: Plan, query: Float32Array, plain: SearchHit[] | undefined): Search {
  const [began, used] = [performance.now(), process.cpuUsage()]
  const [candidates] = scanBlocks(stored(db, plan), query, plan.dim, plan.top)
  const { user, system } = process.cpuUsage(used)
  const wall = performance.now() - began
  const found = scored(plan, candidates!, query)
  if (plain && JSON.stringify(found) !== JSON.stringify(plain))
    throw new Error(`found ${JSON.stringify(found)}, a plain search ${JSON.stringify(plain)}`)
  return { wall, processor: (user + system) / 1000, candidates: candidates!.length }
}

function* stored(db: Database, plan: Plan): Generator<Block> {
  for (const number of blockNumbers(plan)) yield storedBlock(db, number, plan.dim)!
}

function scored(plan: Plan, candidates: Candidate[], query: Float32Array): SearchHit[] {
  const score = new Float32Array(1)
  const hits = candidates.map(({ id }) => {
    const row = id % blockIds
    const vectors = vectorsOf(plan, Math.floor(id / blockIds))
    scoreRows(query, 0, 1, vectors.subarray(row * plan.dim, (row + 1) * plan.dim), plan.dim, score)
    return { index: id, score: score[0]! }
  })
  return hits.sort(byRank).slice(0, plan.top)
}

function byRank(a: SearchHit, b: SearchHit): number {
  return b.score - a.score || a.index - b.index
}

function report({ vectors, dim, top, checked }: Plan, searches: Search[], bytes: number): Rows {
  const peak = process.resourceUsage().maxRSS / 1024
  const all = (name: keyof Search) => searches.map((search) => search[name])
  const middle = (name: keyof Search) => quantile(all(name), 0.5).toFixed(0)
  const head = ['vectors', 'dimensions', 'MB on disk', 'ms a query', 'of the processor', 'candidates', 'MB of memory at its peak']
  const row = [
    vectors.toLocaleString('en-US'),
    `${dim}`,
    (bytes / 1e6).toFixed(0),
    middle('wall'),
    middle('processor'),
    middle('candidates'),
    peak.toFixed(0),
  ]
  console.log(`The first ${top} of ${searches.length} queries, medians; ${checked} of them found what a plain search finds\n`)
  console.log(markdownTable([head, row]))
  return {
    search: measured('ms', ...all('wall')),
    'search, of the processor': measured('ms', ...all('processor')),
    peak: measured('MB', peak),
    file: measured('MB', bytes / 1e6),
  }
}

function requirePlan(plan: Plan): void {
  for (const name of ['vectors', 'dim', 'queries', 'top'] as const) {
    if (Number.isInteger(plan[name]) && plan[name] >= 1) continue
    throw new UserError({ where: `--${name}`, expected: 'a whole number from 1', got: `${plan[name]}`, hint: `Usual is ${searchBlocksFlags[name]}.` })
  }
  if (Number.isInteger(plan.checked) && plan.checked >= 0 && plan.checked <= plan.queries) return
  throw new UserError({ where: '--checked', expected: `0 to ${plan.queries} of the queries`, got: `${plan.checked}`, hint: 'Usual is 3.' })
}
