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
export async function openTexts(nameOrFile: string, options: { languages?: Language[]; quoting?: boolean } = {}): Promise<TextCorpus | undefined> {
  if (isEmbeddedTexts(nameOrFile)) return emojiNames(options.languages)
  const extension = formatOf(nameOrFile)
  if (extension === '.csv' || extension === '.tsv') return csvTexts({ file: nameOrFile, quoting: options.quoting })
  return extension === '.jsonl' ? jsonlTexts(nameOrFile) : undefined
}
