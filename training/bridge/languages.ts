import { UserError } from '../../base/errors.ts'
import type { Language } from '../../corpora/sample.ts'
import type { Material } from './material.ts'
import { meanRow } from './vectors.ts'

/** Of a language's texts, the part that may hold unknown characters. */
const mostUnknown = 0.5
/** By how much translations must be nearer to each other than texts of other concepts, as a cosine. */
const leastNearer = 0.1

/** @throws UserError for a language that the text encoder cannot spell: most of its texts have unknown characters */
export function requireSpelling({ counts }: Material): void {
  for (const [language, { texts, unknown }] of Object.entries(counts)) {
    if (texts === 0 || unknown / texts <= mostUnknown) continue
    throw new UserError({
      where: `--languages ${language}`,
      expected: `a language that the text encoder knows: at most ${100 * mostUnknown} % of the texts with unknown characters`,
      got: `${((100 * unknown) / texts).toFixed(0)} % of ${texts}`,
      hint: 'Leave it out, or take a text encoder of this language.',
    })
  }
}

/**
 * By language, how much nearer first captions are to those of the same concept in the first language than to those of another concept: a difference of mean cosines.
 * vectors [texts, E] of unit length
 */
function translationGains({ firsts }: Material, vectors: Float32Array, width: number): Record<Language, number> {
  const [[, pivot] = ['', []], ...others] = Object.entries(firsts)
  const sumOf = (indices: readonly number[]) => meanRow(vectors, width, indices).map((value) => value * indices.length)
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
  const row = (text: number) => vectors.subarray(text * width, (text + 1) * width)
  return Object.fromEntries(
    others.flatMap(([language, texts]) => {
      const pairs = [...texts.keys()].flatMap((concept) =>
        (pivot[concept] ?? -1) >= 0 && (texts[concept] ?? -1) >= 0 ? [[pivot[concept]!, texts[concept]!] as const] : [],
      )
      if (pairs.length < 2) return []
      const own = pairs.reduce((sum, [a, b]) => sum + dot(row(a), row(b)), 0)
      const all = dot(sumOf(pairs.map(([a]) => a)), sumOf(pairs.map(([, b]) => b)))
      return [[language, own / pairs.length - (all - own) / (pairs.length * (pairs.length - 1))] as const]
    }),
  )
}

/** @throws UserError for a language whose texts mean nothing to the text encoder: its translations are no nearer than any other text */
export function requireTranslations(material: Material, vectors: Float32Array, width: number): Record<Language, number> {
  const gains = translationGains(material, vectors, width)
  const [pivot] = Object.keys(material.firsts)
  for (const [language, gain] of Object.entries(gains)) {
    if (gain >= leastNearer) continue
    throw new UserError({
      where: `--languages ${language}`,
      expected: `a language that the text encoder knows: texts nearer to their translations in ${pivot} than to others by a cosine of ${leastNearer}`,
      got: gain.toFixed(3),
      hint: 'Leave it out, or take a text encoder of this language.',
    })
  }
  return gains
}
