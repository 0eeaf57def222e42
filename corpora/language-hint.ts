import type { Language, TextCorpus } from './sample.ts'

/** What to do where a corpus has no captions in `missing`: regional codes of the same languages are named, else the columns that were read as no language. */
export function languageHint({ languages, setAside = [] }: Pick<TextCorpus, 'languages' | 'setAside'>, missing: readonly Language[]): string {
  const base = (code: Language) => code.split('-')[0]!
  const isRelated = (language: Language) => missing.some((code) => code !== language && base(code) === base(language))
  if (languages.some(isRelated)) return `The corpus has ${languages.join(', ')}: name them with --languages ${languages.join()}.`
  const aside = setAside.length > 0 ? ` Columns that were read as no language: ${setAside.join(', ')}.` : ''
  return `The corpus has captions in ${languages.join(', ') || 'no language'}: name these with --languages.${aside}`
}
