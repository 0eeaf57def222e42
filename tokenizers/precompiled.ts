/**
 * The normalizer of sentencepiece models, as tokenizer.json holds it: `precompiled_charsmap` is a double-array trie (Darts) from UTF-8 strings to
 * places in a text of replacements, which end with a zero byte. transformers.js stands in for it with NFKC and a list of spaces, and so loses what
 * joins emoji (U+200D) in XLM-RoBERTa's.
 * @param charsmap base64
 * @returns the function on texts, as the tokenizers library computes it: short graphemes as a whole, others character by character
 */
export function precompiledNormalizer(charsmap: string): (text: string) => string {
  const bytes = Buffer.from(charsmap, 'base64')
  const trieBytes = bytes.readUInt32LE(0)
  const units = Uint32Array.from({ length: trieBytes / 4 }, (_, i) => bytes.readUInt32LE(4 + 4 * i))
  const replacements = bytes.subarray(4 + trieBytes)
  const replacementOf = (part: string): string | undefined => {
    const at = firstPrefix(units, Buffer.from(part))
    return at === undefined ? undefined : replacements.toString('utf8', at, replacements.indexOf(0, at))
  }
  const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
  return (text) => {
    let result = ''
    for (const { segment } of graphemes.segment(text)) {
      const whole = Buffer.byteLength(segment) < 6 ? replacementOf(segment) : undefined
      result += whole ?? Array.from(segment, (character) => replacementOf(character) ?? character).join('')
    }
    return result
  }
}

/** The value of the shortest prefix of `key` that the trie holds. A unit has a label (its byte), an offset to its children, and whether it ends a string. */
function firstPrefix(units: Uint32Array, key: Uint8Array): number | undefined {
  let at = offsetOf(units[0]!)
  for (const byte of key) {
    if (byte === 0) return undefined
    at ^= byte
    const unit = units[at]
    if (unit === undefined || (unit & 0x800000ff) !== byte) return undefined
    at ^= offsetOf(unit)
    if ((unit >>> 8) & 1) return units[at]! & 0x7fffffff
  }
  return undefined
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 512) >>> 6)
}
