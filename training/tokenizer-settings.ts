import { z } from 'zod'

/** The tokenizer of a model that is made from random weights: a given one, or how one is trained. */
export const tokenizerSettings = z.object({
  tokenizer: z
    .string()
    .optional()
    .meta({ description: 'folder of a tokenizer (default: one is trained on the captions)', group: 'Student', path: 'one' }),
  vocabSize: z.int().min(260).default(6000).meta({ description: 'vocabulary of the trained tokenizer', group: 'Student' }),
  contextLength: z
    .int()
    .min(3)
    .optional()
    .meta({ description: 'tokens that captions are cut at, by the trained tokenizer (default: 32)', group: 'Student' }),
  tokenizerAlgorithm: z.enum(['bpe', 'unigram']).optional().meta({
    description: 'of the trained tokenizer (default: bpe; unigram has fewer tokens for captions that it was trained on, more for others)',
    group: 'Student',
  }),
})

export type TokenizerSettings = z.output<typeof tokenizerSettings>
