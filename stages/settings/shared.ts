import { z } from 'zod'
import { badSampleNames } from '../../corpora/bad-row.ts'
import { defaultCorpus } from '../../corpora/emoji/embedded.ts'
import { languageOf } from '../../corpora/language.ts'
import { dtypeSuffixes, type ModelDtype } from '../../models/onnx/dtypes.ts'
import { alsoNames } from '../../report/also.ts'
import { shippedTeacher } from '../../run/shipped-teacher.ts'
import { skippedFile } from '../../run/skipped.ts'
import { trainSettings } from '../../training/settings.ts'

/** A language given twice would be learnt from the wrong captions. */
export const languageList = z
  .array(z.string().overwrite((language) => languageOf(language, '--languages')))
  .min(1)
  .refine((list) => new Set(list).size === list.length, 'every language once')

const imagesDir = z.string().optional().meta({
  description: "what image paths are relative to (default: the corpus file's folder)",
  group: 'Input',
  path: 'one',
})

/** How users' files are read, where they do not say it themselves. */
const reading = {
  imagesDir,
  captionLanguage: z
    .string()
    .overwrite((language) => languageOf(language, '--caption-language'))
    .optional()
    .meta({ description: 'language of captions whose file names none (a column "caption", COCO, WebDataset)', group: 'Input' }),
  quoting: z
    .boolean()
    .optional()
    .meta({ description: '--no-quoting takes quotation marks of a TSV as they stand (default: they enclose cells)', group: 'Input' }),
  onBadSample: z
    .enum(badSampleNames)
    .optional()
    .meta({
      description: `rows and pictures that cannot be used: fail ends the command, skip leaves them out, counted and listed in ${skippedFile} (default: fail)`,
      group: 'Input',
    }),
}

/** Data of commands that train from the start. */
export const corpusSettings = {
  corpus: z
    .string()
    .default(defaultCorpus)
    .meta({ description: 'emoji, or a file or folder of your own (docs/data.md)', group: 'Input', usual: true, path: 'one' }),
  ...reading,
  languages: languageList.default(['en', 'zh']).meta({ description: 'languages to learn and measure, BCP 47', group: 'Input', usual: true }),
}

/** The same of commands that take a model, whose run says what it was trained on. */
export const dataSettings = {
  corpus: z
    .string()
    .optional()
    .meta({ description: "emoji, or a file or folder of your own (default: that of the model's run)", group: 'Input', usual: true, path: 'one' }),
  ...reading,
  languages: languageList
    .optional()
    .meta({ description: "languages to use, BCP 47 (default: those of the model's run)", group: 'Input', usual: true }),
}

/** The model that a command works on. */
export function modelSetting(description: string) {
  return z.string().meta({ description, group: 'Input', usual: true, positional: true, path: 'one' })
}

export const verifySetting = z.boolean().default(false).meta({
  description: "first compare the model's files with the checksums that its folder carries (SHA256SUMS)",
  group: 'Input',
  decides: 'nothing',
  transient: true,
})

export const dtypeSetting = z.enum(Object.keys(dtypeSuffixes) as ModelDtype[])

export const teacherSetting = z.string().default(shippedTeacher).meta({
  description: 'folder of a CLIP-like ONNX model in transformers.js layout',
  group: 'Teacher',
  usual: true,
  path: 'one',
})

export const teacherScaleSetting = z.number().min(1).optional().meta({
  description: "factor of the teacher's similarities, exp(logit_scale), where its files do not tell it (default: what they say, else 100)",
  group: 'Teacher',
})

export const maxDropSetting = z.array(z.string()).optional().meta({
  description: 'points of mean recall that fp16 and q8 may lose in each language (default: 1); q4:2 sets one format',
  group: 'Export',
  decides: 'results',
})

export const exportDtypeSetting = z
  .array(z.string())
  .default(['fp32', 'fp16', 'q8'])
  .meta({
    description: 'number formats to write: fp32, fp16, q8, int8 (calibrated), q4',
    group: 'Export',
    usual: true,
    decides: 'results',
    aliases: ['dtypes'],
  })

export const alsoSetting = z
  .array(z.enum(alsoNames))
  .optional()
  .meta({ description: "the report's recalls in other tools' shapes as well, each as NAME.json", group: 'Output', decides: 'results' })

const { device } = trainSettings.shape
/** Of commands that compute a teacher's features and nothing else. */
export const teacherDeviceSetting = device.meta({
  ...device.meta(),
  description: 'where the teacher is computed; cuda needs its own build of onnxruntime',
})

export const threadsSetting = z
  .int()
  .positive()
  .optional()
  .meta({ description: 'threads of one operator (default: all cores)', group: 'Machine', decides: 'results' })
