import type { Language, TextCorpus } from '../sample.ts'
import { captionParts } from './captions.ts'
import { conceptsOf } from './concepts.ts'
import { emojiLanguages, wordsIn } from './text.ts'

/**
 * CLDR's names of the 1,194 train concepts, side by side in all languages: parallel texts without a picture. There is a train split
 * alone. Throws UserError for a language without names.
 */
export function emojiNames(languages: Language[] = emojiLanguages()): TextCorpus {
  for (const language of languages) wordsIn(language)
  return {
    name: 'emoji-names',
    licence: 'Unicode CLDR, Unicode-3.0',
    languages,
    splits: ['train'],
    pictures: 'emoji',
    async *samples(split) {
      if (split !== 'train') return
      for (const { code, group, subgroup } of conceptsOf('train')) {
        const names = languages.flatMap((language) => {
          const { name } = captionParts(code, language)
          return name === undefined ? [] : [[language, [name]] as [Language, string[]]]
        })
        yield { id: code, captions: Object.fromEntries(names), classId: code, group, columns: { concept: code, subgroup, group } }
      }
    },
  }
}
