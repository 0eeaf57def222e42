import type { Site } from '../site.ts'

export interface Example {
  word: string
  /** BCP 47. */
  code: string
}

const plain = /^[\p{L}\p{M}]+(?: [\p{L}\p{M}]+)?$/u
const wide = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u

/** Short words from all over each language's list: `count` of each, languages in turn. The same site has the same ones. */
export function examples({ languages }: Pick<Site, 'languages'>, count: number): Example[] {
  const picked = languages.map(({ code, words }, l) => {
    const short = words.filter((word) => plain.test(word) && word.length <= (wide.test(word) ? 4 : 12))
    const from = short.length >= count ? short : words
    // Other places in each language, so that they are no translations of each other.
    const at = (i: number) => Math.floor(((i + (l + 1) / (languages.length + 1)) / count) * from.length)
    return Array.from({ length: Math.min(count, from.length) }, (_, i): Example => ({ word: from[at(i)]!, code }))
  })
  return Array.from({ length: count }, (_, i) => picked.flatMap((list) => list[i] ?? [])).flat()
}
