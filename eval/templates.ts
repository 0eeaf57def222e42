/**
 * Prompt templates of a language for zero-shot classification; a regional code (`zh-TW`) that has none of its own takes its language's. The bare
 * class name `{}` is always among them, and alone for a language without templates: reports say how many there were.
 * @param table templates by language, `{}` the place of a class name
 */
export function zeroShotTemplates(language: string, table: Readonly<Record<string, readonly string[]>>): readonly string[] {
  const known = table[language] ?? table[new Intl.Locale(language).language] ?? []
  return known.includes('{}') ? known : [...known, '{}']
}
