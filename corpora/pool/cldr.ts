import { type ConceptSplit, conceptsOf } from '../emoji/concepts.ts'
import { emojiText } from '../emoji/text.ts'
import type { Language } from '../sample.ts'
import type { WordRow } from './row.ts'

/** Unicode subgroups whose names can be put into patterns, by the patterns' kinds. */
const kinds: [string, RegExp][] = [
  ['animal', /^animal-/],
  ['food', /^food-/],
  ['drink', /^drink$/],
  ['vehicle', /^transport-(ground|water|air)$/],
  ['building', /^place-(building|religious)$/],
  ['plant', /^plant-/],
  ['nature', /^(sky-weather|place-geographic)$/],
  ['clothing', /^clothing$/],
  ['person', /^person(-role|-fantasy)?$/],
  [
    'thing',
    /^(dishware|tool|household|office|writing|book-paper|computer|phone|light-video|medical|science|lock|mail|musical-instrument|game|arts-crafts|sound|award-medal)$/,
  ],
]

const conceptSplits: readonly ConceptSplit[] = ['train', 'val', 'test', 'reserve']

/** Returns CLDR's names of the concepts of these splits (default: of all) side by side in all languages, their keywords, and the names of Unicode's groups. */
export function cldrRows(splits: readonly ConceptSplit[] = conceptSplits): WordRow[] {
  const { words, groups, subgroups } = emojiText()
  const languages = Object.keys(words)
  const rows: WordRow[] = []
  const keywords = new Map<Language, Set<string>>(languages.map((language) => [language, new Set()]))
  for (const { code, subgroup } of splits.flatMap(conceptsOf)) {
    const names = languages.flatMap((language): [Language, string][] => (words[language]![code] ? [[language, words[language]![code]![0]!]] : []))
    const sentence = names.some(([language, name]) => language === 'en' && /[:,]|\bface\b/.test(name))
    const kind = sentence ? undefined : kinds.find(([, pattern]) => pattern.test(subgroup))?.[0]
    rows.push({ texts: Object.fromEntries(names), ...(kind ? { kind } : {}) })
    for (const language of languages) {
      for (const keyword of words[language]![code]?.slice(1) ?? []) keywords.get(language)!.add(keyword)
    }
  }
  const alone = [...keywords].flatMap(([language, set]) => [...set].map((keyword) => ({ texts: { [language]: keyword } })))
  return [...rows, ...alone, ...sideBySide(groups), ...sideBySide(subgroups)]
}

/** language → key → name, turned into one row a key. */
function sideBySide(names: Record<Language, Record<string, string>>): WordRow[] {
  const rows = new Map<string, Record<Language, string>>()
  for (const [language, table] of Object.entries(names)) {
    for (const [key, name] of Object.entries(table)) rows.set(key, { ...rows.get(key), [language]: name })
  }
  return [...rows.values()].map((texts) => ({ texts }))
}
