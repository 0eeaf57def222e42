import { z } from 'zod'
import { shippedTeacher } from '../../run/shipped-teacher.ts'
import { dataSettings } from './shared.ts'

export const checkSettings = z.object({
  corpus: z.string().meta({ description: 'file or folder to check (docs/data.md)', group: 'Input', usual: true, positional: true, path: 'one' }),
  imagesDir: dataSettings.imagesDir,
  captionLanguage: dataSettings.captionLanguage,
  quoting: dataSettings.quoting,
  tokenizer: z
    .string()
    .default(shippedTeacher)
    .meta({ description: 'folder of a tokenizer, to count tokens', group: 'Model', usual: true, path: 'one' }),
  contextLength: z
    .int()
    .positive()
    .optional()
    .meta({ description: "tokens that captions are cut at (default: the tokenizer's)", group: 'Model', usual: true }),
  fix: z.string().optional().meta({ description: 'write what is sound to this .jsonl or .csv file', group: 'Output', usual: true }),
  page: z.string().default('check.html').meta({ description: 'page with counts, findings and samples', group: 'Output', usual: true }),
  json: z.boolean().default(false).meta({ description: 'print JSON', group: 'Output', usual: true }),
})

export type CheckSettings = z.output<typeof checkSettings>
