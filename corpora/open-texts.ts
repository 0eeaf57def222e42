import { leavingOut, type OnBadSample } from './bad-row.ts'
import { csvTexts } from './csv.ts'
import { isEmbeddedTexts } from './emoji/embedded.ts'
import { emojiNames } from './emoji/names.ts'
import { jsonlTexts } from './jsonl.ts'
import type { Language, TextCorpus } from './sample.ts'
import { formatOf } from './utf8.ts'

/**
 * Opens parallel texts without images: `emoji-names`, or a .csv, .tsv or .jsonl file that has no images. Returns undefined for
 * anything else, which openCorpus then takes or refuses. Throws UserError for a file that is malformed.
 */
export async function openTexts(
  nameOrFile: string,
  { languages, quoting, onBadSample }: { languages?: Language[]; quoting?: boolean; onBadSample?: OnBadSample } = {},
): Promise<TextCorpus | undefined> {
  if (isEmbeddedTexts(nameOrFile)) return emojiNames(languages)
  const extension = formatOf(nameOrFile)
  if (extension !== '.csv' && extension !== '.tsv' && extension !== '.jsonl') return undefined
  return leavingOut(nameOrFile, onBadSample, (onBadRow) =>
    extension === '.jsonl' ? jsonlTexts(nameOrFile, onBadRow) : csvTexts({ file: nameOrFile, quoting, onBadRow }),
  )
}
