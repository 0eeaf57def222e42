import { z } from 'zod'
import { languageOf } from '../../corpora/language.ts'
import { poolSettings } from '../../training/pool-settings.ts'
import { runSettings } from '../../training/run-settings.ts'
import { trainSettings } from '../../training/settings.ts'
import { dataSettings, languageList, modelSetting } from './shared.ts'

const { steps, batchSize, learningRate, warmup } = trainSettings.shape

/** How a language is learnt. */
export const addLanguageTraining = trainSettings
  .omit({ microBatch: true, keepPatches: true, unmaskedTail: true, augmentation: true, strength: true })
  .extend({
    steps: steps.default(600),
    batchSize: batchSize.default(256).meta({ description: 'texts of new languages a step, and as many of those that are kept', group: 'Training' }),
    learningRate: learningRate.default(5e-4),
    warmup: warmup.default(50),
    keptShare: z
      .number()
      .min(0)
      .lt(1)
      .default(0.6)
      .meta({ description: "part of a step's loss that texts of the old languages have, so that they are kept", group: 'Training', usual: true }),
    objective: z
      .string()
      .default('fd-text:4,rkd-text:4')
      .meta({ description: "objectives, with their weights; the model's own features of texts are what is compared with", group: 'Objectives' }),
  })

export const addLanguageSettings = z.object({
  model: modelSetting('run, model folder or export that is to gain a language'),
  language: z
    .array(z.string())
    .min(1)
    .overwrite((list) => list.flatMap((text) => text.split(',')).map((language) => languageOf(language, '--language')))
    .refine((list) => new Set(list).size === list.length, 'every language once')
    .meta({ description: 'languages to add, BCP 47', group: 'Input', usual: true, positional: true }),
  known: languageList
    .optional()
    .meta({ description: "languages that the model has, which are kept, BCP 47 (default: those of the model's run)", group: 'Input', usual: true }),
  pivot: z
    .string()
    .overwrite((language) => languageOf(language, '--pivot'))
    .optional()
    .meta({ description: 'known language whose texts the new ones learn to mean (default: en, else the first known)', group: 'Input', usual: true }),
  corpus: dataSettings.corpus,
  imagesDir: dataSettings.imagesDir,
  captionLanguage: dataSettings.captionLanguage,
  quoting: dataSettings.quoting,
  onBadSample: dataSettings.onBadSample,
  texts: poolSettings.shape.texts.meta({
    description: 'files of texts whose rows hold a known language, best the pivot, beside the new one: .csv, .tsv, .jsonl',
  }),
  textLimit: poolSettings.shape.textLimit.unwrap().default(50_000).meta({ description: 'texts of the old languages at most', group: 'Input' }),
  newTokens: z
    .int()
    .min(0)
    .default(2000)
    .meta({ description: 'tokens that the vocabulary may gain; old ones keep their ids, old texts their tokens', group: 'Student', usual: true }),
  ...addLanguageTraining.shape,
  ...runSettings.shape,
  out: runSettings.shape.out.default('runs/added'),
})

export type AddLanguageSettings = z.output<typeof addLanguageSettings>
