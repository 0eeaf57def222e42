import { buildLattice, type Lattice, pruneLattice } from './lattice.ts'
import { type Spelling, seedPieces, spell } from './seeds.ts'

const BYTES = 256
const SEEDS_PER_PIECE = 10
const KEEP = 0.75

/**
 * Learns a unigram vocabulary (Kudo 2018, "Subword Regularization", §3.2) over byte-level spellings: from many seed
 * pieces, alternates expectation–maximisation of the piece probabilities with dropping the pieces whose loss costs
 * the likelihood least, until `size` are left. The 256 bytes always stay, so every text keeps a segmentation.
 *
 * @param words the words and how often each occurs
 * @param size how many pieces to keep, the 256 bytes included; fewer come back when the words do not hold so many
 * @returns pieces with their log probabilities: the bytes in order, then the others, likeliest first
 */
export function trainUnigram(words: Map<string, number>, size: number): [piece: string, score: number][] {
  const seeds = seedPieces(words, SEEDS_PER_PIECE * size)
  const texts = seeds.map((seed) => seed.join(''))
  const idOf = new Map(texts.map((text, id) => [text, id]))
  const spelled = Array.from(words.keys(), spell)
  const counts = Float64Array.from(words.values())
  // The pieces follow the words as words of count 0: their own lattices say what would replace each.
  let lattice = buildLattice([...spelled, ...seeds], idOf)
  const alive = new Uint8Array(seeds.length).fill(1)
  let scores = initialScores(lattice, counts, seeds)
  let left = seeds.length
  for (;;) {
    let expected = expectedCounts(lattice, counts, scores)
    scores = maximise(expected, alive)
    expected = expectedCounts(lattice, counts, scores)
    scores = maximise(expected, alive)
    if (left <= size) break
    left = Math.max(size, Math.floor(left * KEEP))
    dropCheapest(alive, left, losses(lattice, counts.length, scores, expected, alive))
    lattice = pruneLattice(lattice, alive)
  }
  const kept = texts.flatMap((text, id): [string, number][] => (alive[id] ? [[text, scores[id]!]] : []))
  const learnt = kept.slice(BYTES).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
  return [...kept.slice(0, BYTES), ...learnt]
}

/** Log probabilities to start from: by how often each piece stands anywhere in the words. */
function initialScores(lattice: Lattice, counts: Float64Array, seeds: Spelling[]): Float64Array {
  const seen = new Float64Array(seeds.length)
  for (let w = 0; w < counts.length; w++) {
    for (let e = lattice.first[w]!; e < lattice.first[w + 1]!; e++) seen[lattice.piece[e]!]! += counts[w]!
  }
  return maximise(seen, new Uint8Array(seeds.length).fill(1))
}

/** E-step: how often each piece is expected, over all segmentations of all words (forward–backward in log space). */
function expectedCounts(lattice: Lattice, counts: Float64Array, scores: Float64Array): Float64Array {
  const { first, length, start, end, piece } = lattice
  const expected = new Float64Array(scores.length)
  const forward = new Float64Array(lattice.longest + 1)
  const backward = new Float64Array(lattice.longest + 1)
  for (let w = 0; w < counts.length; w++) {
    const size = length[w]!
    forward.fill(-Infinity, 0, size + 1)
    backward.fill(-Infinity, 0, size + 1)
    forward[0] = 0
    backward[size] = 0
    for (let e = first[w]!; e < first[w + 1]!; e++) {
      forward[end[e]!] = logAdd(forward[end[e]!]!, forward[start[e]!]! + scores[piece[e]!]!)
    }
    for (let e = first[w + 1]! - 1; e >= first[w]!; e--) {
      backward[start[e]!] = logAdd(backward[start[e]!]!, backward[end[e]!]! + scores[piece[e]!]!)
    }
    for (let e = first[w]!; e < first[w + 1]!; e++) {
      const share = forward[start[e]!]! + scores[piece[e]!]! + backward[end[e]!]! - forward[size]!
      if (share > -30) expected[piece[e]!]! += counts[w]! * Math.exp(share)
    }
  }
  return expected
}

/** M-step: exp(ψ(count)) instead of the count, the variational form, which starves rare pieces. */
function maximise(expected: Float64Array, alive: Uint8Array): Float64Array {
  let total = 0
  for (let i = 0; i < expected.length; i++) if (alive[i]) total += Math.max(expected[i]!, 0.5)
  const logTotal = digamma(total)
  return expected.map((count) => digamma(Math.max(count, 0.5)) - logTotal)
}

/** What the log likelihood loses without each piece: its count times the gap to its own next best segmentation. */
function losses(lattice: Lattice, wordCount: number, scores: Float64Array, expected: Float64Array, alive: Uint8Array): Float64Array {
  const { first, length, start, end, piece } = lattice
  const best = new Float64Array(lattice.longest + 1)
  return scores.map((score, id) => {
    if (id < BYTES) return Infinity
    if (!alive[id]) return -Infinity
    const w = wordCount + id
    best.fill(-Infinity, 0, length[w]! + 1)
    best[0] = 0
    for (let e = first[w]!; e < first[w + 1]!; e++) {
      if (piece[e] === id) continue
      best[end[e]!] = Math.max(best[end[e]!]!, best[start[e]!]! + scores[piece[e]!]!)
    }
    return expected[id]! * (score - best[length[w]!]!)
  })
}

function dropCheapest(alive: Uint8Array, keep: number, loss: Float64Array): void {
  const order = Array.from(alive.keys()).filter((id) => alive[id])
  order.sort((a, b) => loss[b]! - loss[a]! || a - b)
  for (const id of order.slice(keep)) alive[id] = 0
}

function logAdd(a: number, b: number): number {
  if (a < b) return a < b - 30 ? b : b + Math.log1p(Math.exp(a - b))
  return b < a - 30 ? a : a + Math.log1p(Math.exp(b - a))
}

/** ψ(x): the recurrence up to 6, then the asymptotic series. */
function digamma(x: number): number {
  let shift = 0
  for (; x < 6; x++) shift -= 1 / x
  const inverse = 1 / (x * x)
  return shift + Math.log(x) - 0.5 / x - inverse * (1 / 12 - inverse * (1 / 120 - inverse / 252))
}
