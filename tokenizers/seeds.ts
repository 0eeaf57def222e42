import { BYTE_CHARACTERS, toByteLevel } from './byte-level.ts'

/** The longest piece, in characters: long enough for any word worth a token, short enough to count all substrings. */
export const MAX_PIECE_LENGTH = 16

/** A word cut into characters, each spelled in byte-level characters. */
export type Spelling = string[]

/** Returns the characters of `text`, each in byte-level spelling. */
export function spell(text: string): Spelling {
  return Array.from(text, toByteLevel)
}

/**
 * Proposes the pieces a unigram vocabulary may be chosen from: the 256 bytes, then whole-character substrings that occur
 * at least twice, single characters, and a character's bytes without the last one (so that a rare character costs two
 * tokens, not three), best first by the number of bytes they would save. A substring that always continues in the same
 * way is left out: the longer one says it all.
 *
 * @param words the words and how often each occurs
 * @param limit how many pieces besides the bytes to return at most
 */
export function seedPieces(words: Map<string, number>, limit: number): Spelling[] {
  const counts = countSubstrings(words)
  const redundant = new Set<string>()
  for (const [piece, count] of counts) {
    if (isSingle(piece)) continue
    const first = piece.codePointAt(0)! > 0xffff ? 2 : 1
    const last = piece.codePointAt(piece.length - 2)! > 0xffff ? 2 : 1
    for (const part of [piece.slice(first), piece.slice(0, -last)]) {
      if (counts.get(part) === count && !isSingle(part)) redundant.add(part)
    }
  }
  const seeds: { spelling: Spelling; gain: number; text: string }[] = []
  const stems = new Map<string, number>()
  for (const [text, count] of counts) {
    if (redundant.has(text) || (count < 2 && !isSingle(text))) continue
    const spelling = spell(text)
    const bytes = spelling.join('').length
    if (bytes > 1) seeds.push({ spelling, gain: count * (bytes - 1), text })
    if (spelling.length > 1 || bytes < 3) continue
    const stem = spelling[0]!.slice(0, -1)
    stems.set(stem, (stems.get(stem) ?? 0) + count)
  }
  for (const [text, count] of stems) seeds.push({ spelling: [text], gain: count * (text.length - 1), text })
  seeds.sort((a, b) => b.gain - a.gain || (a.text < b.text ? -1 : 1))
  return [...BYTE_CHARACTERS.map((byte) => [byte]), ...seeds.slice(0, limit).map((seed) => seed.spelling)]
}

function isSingle(text: string): boolean {
  return text.length === 1 || (text.length === 2 && text.codePointAt(0)! > 0xffff)
}

function countSubstrings(words: Map<string, number>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const [word, count] of words) {
    const starts: number[] = []
    for (let at = 0; at < word.length; at += word.codePointAt(at)! > 0xffff ? 2 : 1) starts.push(at)
    starts.push(word.length)
    for (let i = 0; i + 1 < starts.length; i++) {
      const limit = Math.min(starts.length - 1, i + MAX_PIECE_LENGTH)
      for (let j = i + 1; j <= limit; j++) {
        const piece = word.slice(starts[i], starts[j])
        counts.set(piece, (counts.get(piece) ?? 0) + count)
      }
    }
  }
  return counts
}
