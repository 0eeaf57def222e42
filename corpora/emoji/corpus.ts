import type { Corpus, Language, Sample, Split } from '../sample.ts'
import { captionParts, captionsOf } from './captions.ts'
import { concepts } from './concepts.ts'
import { type Drawing, drawingsOf, requireStyles, stylesWith } from './drawings.ts'
import { type StyleName, type StyleRole, styles } from './styles.ts'
import { emojiLanguages, wordsIn } from './text.ts'

/**
 * The embedded corpus: emoji drawings by many vendors with CLDR names and keywords.
 *
 * - `train`: every train-style drawing of the 1,194 train concepts;
 * - `val`: the emojione drawings of the same concepts, a style no training sees;
 * - `test`: the openmoji drawings of the same concepts.
 *
 * Flags, and the concepts held out as validation, test and reserve, are in none of them; protocols.ts asks for held-out concepts.
 * Throws UserError for a language without names, and for a missing package when its drawings are asked for.
 */
export function emoji(options: { languages?: Language[] } = {}): Corpus {
  const languages = options.languages ?? emojiLanguages()
  for (const language of languages) wordsIn(language) // an unknown language fails here, not in the middle of a run
  return {
    name: 'emoji',
    licence: licences(),
    languages,
    splits: ['train', 'val', 'test'],
    samples: (split) => samples(split, languages),
    languagesOf: () => languages,
  }
}

async function* samples(split: Split, languages: Language[]): AsyncGenerator<Sample> {
  const known = concepts()
  requireStyles(stylesOf(split))
  for (const style of stylesOf(split)) {
    for (const drawing of await drawingsOf(style)) {
      if (known.get(drawing.concept)?.split === 'train') yield sampleOf(drawing, languages)
    }
  }
}

/** A drawing with all its captions. */
function sampleOf(drawing: Drawing, languages: Language[]): Sample {
  const captions = languages.map((language) => [language, captionsOf(drawing.concept, language)] as const)
  return {
    id: drawing.source.key,
    image: drawing.source,
    captions: Object.fromEntries(captions.filter(([, texts]) => texts.length > 0)),
    keywords: Object.fromEntries(languages.map((language) => [language, captionParts(drawing.concept, language).words])),
    classId: drawing.concept,
    group: drawing.group,
    columns: { concept: drawing.concept, subgroup: drawing.subgroup, group: drawing.group, style: drawing.style },
  }
}

function stylesOf(split: Split): StyleName[] {
  if (split === 'train') return stylesWith('train')
  return split === 'val' ? ['emojione'] : ['openmoji']
}

function licences(): string {
  const of = (roles: StyleRole[]) =>
    Object.entries(styles)
      .filter(([, { role }]) => roles.includes(role))
      .map(([style, { licence }]) => `${style} ${licence}`)
      .join(', ')
  return `drawings learnt: ${of(['train'])}; drawings measured on, never learnt: ${of(['validation', 'test'])}; names and keywords: Unicode CLDR, Unicode-3.0`
}
