import { z } from 'zod'
import { outputFormats } from '../../corpora/writers/formats.ts'
import { dataSettings } from './shared.ts'

export const convertSettings = z.object({
  corpus: z.string().meta({ description: 'file or folder to read (docs/data.md)', group: 'Input', usual: true, positional: true, path: 'one' }),
  out: z.string().meta({ description: 'file or folder to write', group: 'Output', usual: true, positional: true }),
  format: z.enum(outputFormats).optional().meta({ description: 'format to write (default: by the ending of OUT)', group: 'Output', usual: true }),
  languages: dataSettings.languages.meta({ description: 'languages to write, BCP 47 (default: all)', group: 'Input', usual: true }),
  imagesDir: dataSettings.imagesDir,
  captionLanguage: dataSettings.captionLanguage,
  quoting: dataSettings.quoting,
  onBadSample: dataSettings.onBadSample,
})

export type ConvertSettings = z.output<typeof convertSettings>
