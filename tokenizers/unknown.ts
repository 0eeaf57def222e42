import type { Tokenizer } from './load.ts'

/** Two characters that no vocabulary has: private ones of the last plane. */
const strangers = ['\u{10FF01}', '\u{10FF02}']

/**
 * Returns the ids by which a tokenizer writes what it cannot spell: what two characters that nobody knows have in common. None for tokenizers of bytes, which
 * spell everything.
 */
export function unknownIds({ encode }: Pick<Tokenizer, 'encode'>): ReadonlySet<number> {
  const ordinary = new Set([...encode(''), ...encode('a'), ...encode('aa'), ...encode('a a')])
  const [first, ...others] = strangers.flatMap((character) => [encode(character), encode(`a${character}a`)])
  return new Set(first!.filter((id) => !ordinary.has(id) && others.every((ids) => ids.includes(id))))
}
