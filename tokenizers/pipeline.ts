/**
 * What happens to a caption before the model sees it, once as tokenizer.json's normalizer and pre-tokenizer and once as
 * code for the trainer; a test holds the two together.
 *
 * A Latin word carries its leading space, the first one too, so that `dog` has one spelling wherever it stands. Scripts written
 * without spaces carry none: a space before them is dropped, and a run of them is one word for the model to cut up.
 */

// Thai and Lao, Burmese, Khmer, kana with its marks, Han. Written as ranges: \p{Script=…} is spelled differently in
// Oniguruma and in JavaScript, and both must read this pattern.
const SPACELESS = '\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}'
// \s is avoided for the same reason: the two disagree about U+0085 and U+FEFF. NFKC has mapped the other spaces to ' '.
const SPACES = '[\t\n\v\f\r \u0085\u1680\u2028\u2029]+'
const IGNORABLE = '[\u200b\ufeff]'
const SPACE_BEFORE_SPACELESS = ` (?=[${SPACELESS}])`
const WORD = [`[${SPACELESS}]+`, ` ?(?:(?![${SPACELESS}])[\\p{L}\\p{M}])+`, ' ?\\p{N}{1,3}', ' ?[^ \\p{L}\\p{M}\\p{N}]+'].join('|')

/** Returns the `normalizer` of tokenizer.json. */
export function normalizerJson(): object {
  const replace = (pattern: object, content: string) => ({ type: 'Replace', pattern, content })
  return {
    type: 'Sequence',
    normalizers: [
      { type: 'Prepend', prepend: ' ' },
      { type: 'NFKC' },
      { type: 'Lowercase' },
      // JavaScript lowers a word-final Σ to ς, Rust to σ.
      replace({ String: 'ς' }, 'σ'),
      replace({ Regex: IGNORABLE }, ''),
      replace({ Regex: SPACES }, ' '),
      replace({ Regex: ' $' }, ''),
      replace({ Regex: SPACE_BEFORE_SPACELESS }, ''),
    ],
  }
}

/** Returns the `pre_tokenizer` of tokenizer.json: words first, then their bytes. */
export function preTokenizerJson(): object {
  return {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: WORD }, behavior: 'Isolated', invert: false },
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
    ],
  }
}

const spaces = new RegExp(SPACES, 'gu')
const ignorable = new RegExp(IGNORABLE, 'gu')
const spaceBeforeSpaceless = new RegExp(SPACE_BEFORE_SPACELESS, 'gu')
const word = new RegExp(WORD, 'gu')

/** Returns the caption as the normalizer leaves it. */
export function normalizeCaption(caption: string): string {
  return ` ${caption}`
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .replace(ignorable, '')
    .replace(spaces, ' ')
    .replace(/ $/u, '')
    .replace(spaceBeforeSpaceless, '')
}

/** Counts the words of all captions, in order of first appearance. */
export function countWords(captions: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const caption of captions) {
    for (const [found] of normalizeCaption(caption).matchAll(word)) counts.set(found, (counts.get(found) ?? 0) + 1)
  }
  return counts
}
