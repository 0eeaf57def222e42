/**
 * How fast is exact ranking? The blockwise product against a plain double loop in JavaScript and, where python3 has numpy, against
 * numpy's product with the same counting. All three must find the same ranks, up to rounding in numpy's single precision.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { markdownTable } from 'markdown-table'
import { normal, random } from '../base/random.ts'
import { rankRow, rankRows } from '../eval/ranks.ts'
import { normalisedRows, plainRows } from '../eval/rows.ts'
import { scoreRows, unitRows } from '../eval/similarity.ts'
import { measured, type Rows } from './record/rows.ts'

const peer = fileURLToPath(new URL('./peers/retrieval_numpy.py', import.meta.url))
/** The double loop is timed on this many queries only; its time grows in proportion. */
const loopQueries = 64

interface Measured {
  name: string
  seconds: number
  /** Ranks of the first queries. */
  ranks: Int32Array
}

/** Prints the table and returns it. `threads` 0 means all cores. */
export async function benchRetrieval(flags: Record<string, string | number>): Promise<Rows> {
  const [count, size, dim, threads] = [Number(flags.queries), Number(flags.gallery), Number(flags.dim), Number(flags.threads)]
  const { queries, gallery, positives } = pairs(count, size, dim)
  const blocks = await product(queries, gallery, positives, dim, threads)
  const peak = process.resourceUsage().maxRSS / 1024 // before the others make their copies
  const entries = [blocks, doubleLoop(queries, gallery, positives, dim)]
  const numpy = await numpyRanks(unitRows(queries, dim), unitRows(gallery, dim), count, dim, String(flags.python), threads)
  if (typeof numpy !== 'string') entries.push(numpy)
  const rows = entries.map(({ name, seconds, ranks }) => [
    name,
    seconds.toFixed(2),
    ((2 * count * size * dim) / seconds / 1e9).toFixed(1),
    `${(seconds / blocks.seconds).toFixed(2)} ×`,
    `${ranks.filter((rank, q) => rank === blocks.ranks[q]).length} of ${ranks.length}`,
  ])
  console.log(`${count} queries × ${size} candidates × ${dim} components. Peak memory of the process that ranked: ${Math.round(peak)} MB,`)
  console.log(
    `of which ${Math.round((4 * dim * (count + size)) / 2 ** 20)} MB are the embeddings; all scores at once would be ${Math.round((4 * count * size) / 2 ** 20)} MB.\n`,
  )
  console.log(markdownTable([['ranking', 'seconds', 'GFLOP/s', 'time, ours = 1', 'same rank'], ...rows], { align: ['l', 'r', 'r', 'r', 'r'] }))
  if (typeof numpy === 'string') console.log(`\nnumpy left out: ${numpy}`)
  return {
    ...Object.fromEntries(entries.map(({ name, seconds }) => [name, measured('s', seconds)])),
    'peak of the process that ranked': measured('MB', peak),
  }
}

/** Queries near their own candidate, so that ranks spread from first to last. */
function pairs(count: number, size: number, dim: number) {
  const next = random(1, count, size, dim)
  const gallery = Float32Array.from({ length: size * dim }, () => normal(next))
  const positives = Array.from({ length: count }, (_, q) => [Math.floor((q * size) / count)])
  const queries = new Float32Array(count * dim)
  for (let q = 0; q < count; q++) for (let e = 0; e < dim; e++) queries[q * dim + e] = 0.2 * gallery[positives[q]![0]! * dim + e]! + normal(next)
  return { queries, gallery, positives }
}

async function product(queries: Float32Array, gallery: Float32Array, positives: number[][], dim: number, threads: number): Promise<Measured> {
  const began = performance.now()
  const allQueries = positives.map((_, q) => q)
  const ranks = await rankRows(normalisedRows(queries, dim), allQueries, normalisedRows(gallery, dim), positives, threads > 0 ? { threads } : {})
  return { name: 'distilingual', seconds: (performance.now() - began) / 1000, ranks }
}

function doubleLoop(queries: Float32Array, gallery: Float32Array, positives: number[][], dim: number): Measured {
  const [left, right] = [plainRows(unitRows(queries, dim), dim), unitRows(gallery, dim)]
  const queryCount = Math.min(loopQueries, positives.length)
  const scores = new Float32Array(right.length / dim)
  const began = performance.now()
  const ranks = Int32Array.from({ length: queryCount }, (_, q) => {
    scoreRows(left.data, q, q + 1, right, dim, scores)
    return rankRow(scores, positives[q]!)
  })
  const seconds = ((performance.now() - began) / 1000) * (positives.length / queryCount)
  return { name: `double loop (from ${queryCount} queries)`, seconds, ranks }
}

/** Numpy's measurement, or why there is none. */
async function numpyRanks(
  queries: Float32Array,
  gallery: Float32Array,
  count: number,
  dim: number,
  python: string,
  threads: number,
): Promise<Measured | string> {
  const run = promisify(execFile)
  const found = await run(python, ['-c', 'import numpy; print(numpy.__version__)']).catch((error: Error) => error)
  if (found instanceof Error) return `${python} has no numpy`
  const dir = await mkdtemp(join(tmpdir(), 'retrieval-'))
  try {
    await writeFile(join(dir, 'queries'), new Uint8Array(queries.buffer))
    await writeFile(join(dir, 'gallery'), new Uint8Array(gallery.buffer))
    const env = threads > 0 ? { ...process.env, OMP_NUM_THREADS: String(threads), OPENBLAS_NUM_THREADS: String(threads) } : process.env
    const { stdout } = await run(python, [peer, dir, String(count), String(dim)], { env })
    const ranks = await readFile(join(dir, 'ranks'))
    return { name: `numpy ${found.stdout.trim()}`, seconds: Number(stdout), ranks: new Int32Array(new Uint8Array(ranks).buffer) }
  } finally {
    await rm(dir, { recursive: true })
  }
}
