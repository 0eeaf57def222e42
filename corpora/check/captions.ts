import { francAll } from 'franc-min'
import { canonical } from '../language.ts'
import { englishNameOf } from '../language-names.ts'
import type { Language } from '../sample.ts'
import { type Findings, fault } from './findings.ts'

const invisible = fault('invisible caption', 'The caption holds nothing that can be seen.', 'Write a caption, or leave the row out.')
const missing = fault(
  'missing value as a word',
  'A program wrote that there is no caption.',
  'Leave the row out, or the cell empty (pandas: dropna()).',
)
const several = fault(
  'several captions in one',
  'A list was written as one text: it is trained and scored as one caption.',
  'Write one row a caption, or a list in JSONL.',
)
const script = fault(
  'wrong script',
  'No letter of the caption is of the writing of its language: columns were swapped, or it was not translated.',
  'Move the caption into its language, or leave it out.',
)
const wrongLanguage = fault(
  'wrong language',
  'The captions of this language, taken together, look like another one.',
  'Name the column by the language that it holds.',
)

const words = /^(nan|none|null|nil|n\/?a|<na>|undefined|missing|-+|\?+)$/i
/** `['a dog', 'a cat']`, as Python prints lists; captions on lines of their own; what datasets join captions with. */
const lists = /^\[\s*(['"]).+\1\s*\]$|\S\s*[\r\n]+\s*\S|\S\s*(\|\|+|<sep>|\t)\s*\S/s
/** Characters of a language that the detector needs, and that it gets at most. */
const [least, most] = [400, 20_000]
/** By how much another language has to be likelier: near ones (Danish and Norwegian) lie closer together. */
const margin = 0.03

export interface CaptionCheck {
  add(language: Language, caption: string, where: string): void
  /** Judges the languages as a whole. */
  finish(where: string): void
}

/** Looks at captions one by one, and at the first characters of each language together. */
export function checkCaptions(findings: Findings): CaptionCheck {
  const samples = new Map<Language, string>()
  return {
    add(language, caption, where) {
      if (isInvisible(caption)) return findings.add(invisible, where, JSON.stringify(caption))
      if (words.test(caption)) return findings.add(missing, where, `${language}: "${caption}"`)
      if (lists.test(caption)) findings.add(several, where, `${language}: "${caption}"`)
      if (/\p{L}/u.test(caption) && !lettersOf(language).test(caption)) findings.add(script, where, `${language}: "${caption}"`)
      const sample = samples.get(language) ?? ''
      if (sample.length < most) samples.set(language, `${sample} ${caption}`)
    },
    finish(where) {
      for (const [language, text] of samples) {
        const seen = detected(text)
        if (seen && seen.language !== base(language) && seen.instead > seen.scoreOf(base(language)) + margin)
          findings.add(wrongLanguage, where, `${language} looks like ${seen.language} (${englishNameOf(seen.language)})`)
      }
    },
  }
}

/** Whether a caption holds nothing to learn: what is invisible, and words for a missing value. */
export function isNoCaption(caption: string): boolean {
  return isInvisible(caption) || words.test(caption)
}

function isInvisible(caption: string): boolean {
  return caption.replace(/[\p{C}\p{Z}\u2800\u3164]/gu, '') === ''
}

function base(language: Language): string {
  const { language: code } = new Intl.Locale(language)
  return code === 'nb' || code === 'nn' ? 'no' : code
}

/** The likeliest language by trigrams; undefined for too little text. franc's scores: 1 for the likeliest. */
function detected(text: string): { language: string; instead: number; scoreOf(language: string): number } | undefined {
  if (text.length < least) return undefined
  const ranked = francAll(text).map(([code, score]): [string, number] => [base(canonical(code === 'cmn' ? 'zh' : code) ?? 'und'), score])
  const [first] = ranked
  if (!first || first[0] === 'und') return undefined
  // A language that the detector does not know is none that it can refuse.
  return { language: first[0], instead: first[1], scoreOf: (language) => ranked.find(([code]) => code === language)?.[1] ?? 1 }
}

const letters = new Map<Language, RegExp>()
const parts: Record<string, string[]> = { Hans: ['Han'], Hant: ['Han'], Jpan: ['Han', 'Hiragana', 'Katakana'], Kore: ['Hangul', 'Han'] }

/** A letter of the scripts that a language is written in. */
function lettersOf(language: Language): RegExp {
  const known = letters.get(language)
  if (known) return known
  const { script = 'Zyyy' } = new Intl.Locale(language).maximize()
  const pattern = (parts[script] ?? [script]).map((name) => `\\p{Script=${name}}`).join('')
  const made = script === 'Zyyy' ? /\p{L}/u : new RegExp(`[${pattern}]`, 'u')
  letters.set(language, made)
  return made
}
