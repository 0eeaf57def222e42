import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { defaultCorpus } from '../corpora/emoji/embedded.ts'
import { languageOf } from '../corpora/language.ts'
import { dtypeSuffixes, type ModelDtype } from '../models/onnx/files.ts'

/** A language given twice would be learnt from the wrong captions. */
export const languageList = z
  .array(z.string().overwrite((language) => languageOf(language, '--languages')))
  .min(1)
  .refine((list) => new Set(list).size === list.length, 'every language once')

/** Flags that several commands share. */
export const corpusOptions = {
  corpus: z.string().default(defaultCorpus).describe('emoji, or a .csv, .tsv or .jsonl file'),
  imagesDir: z.string().optional().describe("what image paths are relative to (default: the corpus file's folder)"),
  languages: languageList.default(['en', 'zh']).describe('languages to learn and measure, BCP 47'),
}

/** The same of commands that take a model, whose run says what it was trained on. */
export const dataOptions = {
  corpus: z.string().optional().describe("emoji, or a .csv, .tsv or .jsonl file (default: that of the model's run)"),
  imagesDir: corpusOptions.imagesDir,
  languages: languageList.optional().describe("languages to use, BCP 47 (default: those of the model's run)"),
}

export const dtypeOption = z.enum(Object.keys(dtypeSuffixes) as ModelDtype[]).optional()

export const runOptions = {
  cacheDir: z.string().default('.cache').describe('decoded pixels and teacher features; safe to delete'),
  resume: z.boolean().default(false).describe('go on with the run in --out'),
  force: z.boolean().default(false).describe('start over if --out holds a run'),
}

const defaultTeacher = 'models/teachers/emoji-en-zh'
export const teacherOption = z.string().default(defaultTeacher).describe('folder of a CLIP-like ONNX model in transformers.js layout')

export const maxDropOption = z
  .array(z.string())
  .optional()
  .describe('points of mean recall that fp16 and q8 may lose in each language (default: 1); q4:2 sets one format')

export const teacherScaleOption = z
  .number()
  .min(1)
  .optional()
  .describe("factor of the teacher's similarities, exp(logit_scale), where its files do not tell it (default: what they say, else 100)")

/** The shipped teacher is found from any working directory; a folder of that name there wins. */
export function teacherFolder(dir: string): string {
  return dir === defaultTeacher && !existsSync(dir) ? fileURLToPath(new URL(`../${defaultTeacher}`, import.meta.url)) : dir
}
