import { extname } from 'node:path'
import { UserError } from '../engine/errors.ts'
import { csvCorpus } from './csv.ts'
import { emoji } from './emoji/corpus.ts'
import { emojiProtocolNames, emojiProtocols } from './emoji/protocols.ts'
import { jsonlCorpus } from './jsonl.ts'
import { nearest } from './nearest.ts'
import type { RetrievalTask } from './retrieval-task.ts'
import type { Corpus, Language } from './sample.ts'
import { splitProtocol } from './split-protocol.ts'

/** A corpus and what can be measured on it. */
export interface OpenCorpus {
  corpus: Corpus
  /** Names `task` takes: DATA.md's protocols for emoji, the splits for users' files. */
  protocols: string[]
  /** The protocol that choices are made on during training. */
  defaultValidation: string
  task(protocol: string, language: Language): Promise<RetrievalTask>
}

const readers: Record<string, (options: { file: string; imagesDir?: string }) => Promise<Corpus>> = {
  '.csv': csvCorpus,
  '.tsv': csvCorpus,
  '.jsonl': jsonlCorpus,
}

/**
 * Opens a corpus by name (`emoji`) or by a .csv, .tsv or .jsonl file. Throws UserError for anything else, and as the readers do.
 * @param options.languages which languages of the emoji corpus; default all
 * @param options.imagesDir for files: what image paths are relative to; default: the file's folder
 */
export async function openCorpus(
  nameOrFile: string,
  options: { languages?: Language[]; imagesDir?: string } = {},
): Promise<OpenCorpus> {
  if (nameOrFile === 'emoji') {
    return {
      corpus: emoji({ languages: options.languages }),
      protocols: emojiProtocolNames(),
      defaultValidation: 'validation-style/emojione',
      task: emojiProtocols,
    }
  }
  const reader = readers[extname(nameOrFile).toLowerCase()]
  if (!reader) {
    throw new UserError({
      where: 'corpus',
      expected: 'emoji, or a .csv, .tsv or .jsonl file',
      got: nameOrFile,
      hint: 'Name one of these.',
    })
  }
  const corpus = await reader({ file: nameOrFile, imagesDir: options.imagesDir })
  return {
    corpus,
    protocols: corpus.splits,
    // Without a val split, rather the training images than choices made on test.
    defaultValidation: corpus.splits.includes('val') ? 'val' : corpus.splits[0]!,
    task: async (protocol, language) => {
      const split = corpus.splits.find((name) => name === protocol)
      if (split) return splitProtocol(corpus, split, language)
      throw new UserError({
        where: `corpus ${corpus.name}`,
        expected: `a protocol (${corpus.splits.join(', ')})`,
        got: protocol,
        hint: `Did you mean ${nearest(protocol, corpus.splits)}?`,
      })
    },
  }
}
