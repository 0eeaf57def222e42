import { z } from 'zod'
import { languageOf } from '../corpora/language.ts'
import { isSize, sizeForm, usualStudent } from '../models/config.ts'
import { targetNames } from './data/targets.ts'
import { objectiveSettings } from './objectives/settings.ts'
import { pictureShareSettings } from './picture-settings.ts'
import { textShareSettings } from './pool-settings.ts'
import { rampSetting, trainSettings } from './settings.ts'
import { shrinkFlags } from './shrink/settings.ts'
import { tokenizerSettings } from './tokenizer-settings.ts'

export const stage1Settings = trainSettings.extend({
  student: z
    .string()
    .refine(isSize, sizeForm)
    .default(usualStudent)
    .meta({ description: `size of the student: ${sizeForm}`, group: 'Student', usual: true }),
  keepImageTower: z
    .boolean()
    .default(false)
    .meta({
      description: "keep the teacher's image tower as it is; the text tower alone learns",
      group: 'Student',
      usual: true,
      presets: { true: { student: '160x3', vocabSize: 12_000, steps: 1200 } },
    }),
  objective: z.string().default('task:2,fd:4,crd:1,icl:1').meta({ description: 'distillation objectives with their weights', group: 'Objectives' }),
  embedDim: z.int().positive().optional().meta({ description: "dimension of the student's embedding (default: the teacher's)", group: 'Student' }),
  imageSize: z.int().positive().optional().meta({
    description:
      "side of the images that the student sees, pixels (default: 64 for emoji, 112 for other pictures; the teacher's where that is smaller)",
    group: 'Student',
  }),
  patchSize: z.int().positive().optional().meta({
    description: 'side of the image patches, pixels (default: 8, or for images above 64 px an eighth of theirs: 64 patches)',
    group: 'Student',
  }),
  variants: z
    .int()
    .min(0)
    .default(6)
    .meta({ description: 'augmented versions of every image that the teacher embeds once (0: it runs at every step)', group: 'Teacher' }),
  targets: z.enum(targetNames).default('augmented').meta({
    description: "pictures that the teacher's image features are of: the augmented ones that the student sees, or plain ones, embedded once",
    group: 'Teacher',
  }),
  ramp: rampSetting.default(0).meta({ ...rampSetting.meta(), description: `${rampSetting.meta()!.description}; with --targets plain` }),
  features: z.string().optional().meta({
    description:
      "folder of the teacher's features of the pictures, computed elsewhere: .npy with ids, clip-retrieval's, or tars of .npz (docs/scale.md)",
    group: 'Teacher',
    path: 'one',
  }),
  ensemble: z
    .array(z.string())
    .optional()
    .meta({ description: 'further teachers that teach together with the first: DIR or DIR:WEIGHT', group: 'Teacher', path: 'list' }),
  specialists: z
    .array(z.string())
    .optional()
    .meta({ description: 'teachers that take over languages: LANG=DIR, zh+ja=DIR:WEIGHT', group: 'Teacher', path: 'list' }),
  classColumn: z.string().optional().meta({
    description: 'column that class-embed and anchor take classes from (default: class; for emoji the concept)',
    group: 'Objectives',
  }),
  init: z.string().optional().meta({
    description: 'run or model folder of a student to begin with (its size and tokenizer hold)',
    group: 'Student',
    path: 'one',
  }),
  inherit: z.string().optional().meta({
    description: 'run or model folder of a larger student whose weights the new one is cut from',
    group: 'Student',
    path: 'one',
  }),
  pivot: z
    .string()
    .overwrite((language) => languageOf(language, '--pivot'))
    .optional()
    .meta({ description: 'language whose captions the teacher reads for all languages (for one that knows no other)', group: 'Teacher' }),
  innerTeacher: z
    .string()
    .optional()
    .meta({ description: 'model folder or export that hidden, attention and gates look into', group: 'Teacher', path: 'one' }),
  ...tokenizerSettings.shape,
  steps: trainSettings.shape.steps.default(1700),
  unmaskedTail: trainSettings.shape.unmaskedTail.unwrap().default(0.1),
  keepPatches: trainSettings.shape.keepPatches.unwrap().default(0.5),
  batchSize: trainSettings.shape.batchSize.default(256),
  learningRate: trainSettings.shape.learningRate.default(2e-3),
  warmup: trainSettings.shape.warmup.default(100),
  ...textShareSettings.shape,
  ...pictureShareSettings.shape,
  textInit: z.enum(['pca', 'random']).optional().meta({
    description: "how the text tower begins: with the teacher's vectors of the tokens, or at random (default: pca with --text-share, else random)",
    group: 'Student',
  }),
  ...objectiveSettings.shape,
  ...shrinkFlags.shape,
})

export type Stage1Settings = z.output<typeof stage1Settings>
