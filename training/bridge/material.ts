import { UserError } from '../../base/errors.ts'
import type { Prototype } from '../../corpora/prototypes.ts'
import type { ImageSource, Language, TextSample } from '../../corpora/sample.ts'
import type { Concept, Group } from './sampler.ts'

/** A sample as it is read here: with a picture, or in a corpus of texts without. */
type Read = TextSample & { image?: ImageSource }

export interface MaterialOptions {
  /** Whose captions are all learnt. */
  languages: Language[]
  /** Whose first captions are learnt too, less often. */
  otherLanguages: Language[]
  /** How often a text of these is drawn, relative to one of `languages`. */
  otherWeight: number
  /** How often a concept's first caption is drawn, relative to its other captions. */
  firstWeight: number
  /** The same of a keyword. */
  keywordWeight: number
  /** Whether the text encoder knows all characters of a text; others are no targets. */
  isKnown(text: string): boolean
}

/** Of one language, how many distinct texts there are, and how many hold a character that the text encoder does not know. */
interface TextCount {
  texts: number
  unknown: number
}

/** All that heads are trained on, as indices into texts and pictures. */
export interface Material {
  texts: string[] // distinct
  concepts: Concept[]
  pictures: ImageSource[]
  counts: Record<Language, TextCount>
  /** First captions of the corpus' concepts by language, where all are known: translations of each other. [concepts] of indices into `texts`, −1 where there is none */
  firsts: Record<Language, number[]>
  /** Class of the classifier → its concept. */
  classes: Map<number, number>
}

/** Collects concepts: `add` samples, `addClasses` prototypes, then `finish`. */
export function materialBuilder(options: MaterialOptions) {
  const { languages, otherLanguages, isKnown } = options
  const all = [...languages, ...otherLanguages]
  const textIndex = new Map<string, number>()
  const known: boolean[] = []
  const seen: Record<Language, Set<number>> = Object.fromEntries(all.map((language) => [language, new Set<number>()]))
  const conceptIndex = new Map<string, number>()
  const material: Material = {
    texts: [],
    concepts: [],
    pictures: [],
    counts: {},
    firsts: Object.fromEntries(all.map((language) => [language, []])),
    classes: new Map(),
  }

  const intern = (text: string, language: Language): number => {
    let index = textIndex.get(text)
    if (index === undefined) {
      index = material.texts.push(text) - 1
      textIndex.set(text, index)
      known.push(isKnown(text))
    }
    seen[language]!.add(index)
    return index
  }
  const own = (concept: Concept, text: number, weight: number): void => {
    if (!known[text] || concept.texts.includes(text)) return
    concept.texts.push(text)
    concept.weights.push(weight)
  }
  const conceptOf = (group: Group, key: string): number => {
    const found = conceptIndex.get(`${group}:${key}`)
    if (found !== undefined) return found
    const made = material.concepts.push({ group, texts: [], weights: [], pictures: [] }) - 1
    conceptIndex.set(`${group}:${key}`, made)
    return made
  }

  return {
    /** A sample with a caption in one of the languages; others are passed over. */
    add(sample: Read, group: 'corpus' | 'pictures'): void {
      if (!sample.image || !all.some((language) => sample.captions[language]?.length)) return
      const index = conceptOf(group, sample.classId ?? sample.id)
      const concept = material.concepts[index]!
      concept.pictures.push(material.pictures.push(sample.image) - 1)
      for (const language of all) {
        const isOther = otherLanguages.includes(language)
        const [first, ...more] = sample.captions[language] ?? []
        if (first === undefined) continue
        const weight = isOther ? options.otherWeight : 1
        const name = intern(first, language)
        own(concept, name, options.firstWeight * weight)
        if (group === 'corpus') material.firsts[language]![index] ??= known[name] ? name : -1
        if (isOther) continue
        for (const text of more) own(concept, intern(text, language), 1)
        for (const text of sample.keywords?.[language] ?? []) own(concept, intern(text, language), options.keywordWeight)
      }
    },
    /** Classes of which there are names alone. */
    addClasses(prototypes: readonly Prototype[]): void {
      for (const { index, names } of prototypes) {
        const at = conceptOf('classes', String(index))
        for (const language of languages) for (const name of names[language] ?? []) own(material.concepts[at]!, intern(name, language), 1)
        material.classes.set(index, at)
      }
    },
    finish(): Material {
      for (const language of all) {
        const texts = [...seen[language]!]
        material.counts[language] = { texts: texts.length, unknown: texts.filter((text) => !known[text]).length }
      }
      return material
    },
  }
}

/** @throws UserError for a corpus none of whose pictures has a text that can be learnt */
export function requirePairs(corpus: string, { concepts }: Material, languages: readonly Language[]): void {
  if (concepts.some(({ group, texts, pictures }) => group === 'corpus' && texts.length > 0 && pictures.length > 0)) return
  throw new UserError({
    where: `--corpus ${corpus}`,
    expected: `pictures with captions in ${languages.join(' or ')} in its train split`,
    got: 'none',
    hint: 'Check --languages and the split column; a corpus of texts alone cannot be bridged.',
  })
}
