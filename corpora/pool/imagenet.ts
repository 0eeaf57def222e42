import { readFileSync } from 'node:fs'
import type { Language } from '../sample.ts'
import type { Dropped } from './rule.ts'

/** One class of an ImageNet-1k classifier. */
export interface ImagenetClass {
  /** Row of the classifier's last layer, 0 … 999: the rank of its synset among the 1,000. */
  index: number
  /** WordNet 3.0 synset, e.g. `n02123045`. */
  synset: string
  /** Names by language, the usual one first; a class whose names are all held out has none. */
  names: Record<Language, string[]>
  /** Names by language that the rule of held-out words took away. */
  dropped: Record<Language, string[]>
}

/** Returns the 1,000 classes in the classifier's order, as data/imagenet-classes.tsv has them: without held-out names. */
export function imagenetClasses(): ImagenetClass[] {
  const text = readFileSync(new URL('./data/imagenet-classes.tsv', import.meta.url), 'utf8')
  const [header = '', ...lines] = text.trimEnd().split('\n')
  const languages = header.split('\t').slice(2, -1)
  return lines.map((line) => {
    const [index, synset, ...cells] = line.split('\t') as [string, string, ...string[]]
    const names: Record<Language, string[]> = {}
    for (const [i, language] of languages.entries()) if (cells[i]) names[language] = cells[i].split('|')
    const dropped: Record<Language, string[]> = {}
    for (const entry of cells[languages.length] ? cells[languages.length]!.split('|') : []) {
      const [language = '', ...rest] = entry.split(':')
      const name = rest.join(':')
      dropped[language] = [...(dropped[language] ?? []), name]
    }
    return { index: Number(index), synset, names, dropped }
  })
}

/** Returns the classes with every name on the side where `rule` puts it. */
export function ruledClasses(classes: ImagenetClass[], rule: (text: string, language: Language) => Dropped | undefined): ImagenetClass[] {
  return classes.map((one) => {
    const names: Record<Language, string[]> = {}
    const dropped: Record<Language, string[]> = {}
    for (const side of [one.names, one.dropped]) {
      for (const [language, list] of Object.entries(side)) {
        for (const name of list) {
          const target = rule(name, language) === undefined ? names : dropped
          target[language] = [...(target[language] ?? []), name]
        }
      }
    }
    return { ...one, names, dropped }
  })
}

/** The classes as text of data/imagenet-classes.tsv: index, synset, a column a language with names apart by `|`, and `dropped` (`en:goose|zh:鹅`). */
export function formatClasses(classes: ImagenetClass[], languages: Language[]): string {
  const lines = classes.map(({ index, synset, names, dropped }) => {
    const gone = Object.entries(dropped).flatMap(([language, list]) => list.map((name) => `${language}:${name}`))
    return [index, synset, ...languages.map((language) => names[language]?.join('|') ?? ''), gone.join('|')].join('\t')
  })
  return `${[['index', 'synset', ...languages, 'dropped'].join('\t'), ...lines].join('\n')}\n`
}
