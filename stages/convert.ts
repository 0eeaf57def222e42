import { existsSync } from 'node:fs'
import { UserError } from '../base/errors.ts'
import { progress } from '../base/progress.ts'
import { replaceFolder } from '../base/replace-folder.ts'
import { countSamples, everySample } from '../corpora/every-sample.ts'
import { languageHint } from '../corpora/language-hint.ts'
import { openCorpus } from '../corpora/open.ts'
import type { Corpus, Language } from '../corpora/sample.ts'
import { folderFormats, type OutputFormat } from '../corpora/writers/formats.ts'
import { openWriter, outputFormat } from '../corpora/writers/open.ts'
import { skippedFile, writeSkippedTo } from '../run/skipped.ts'
import type { ConvertSettings } from './settings/convert.ts'

/**
 * Writes a corpus in another format.
 * @returns images and captions that were written
 * @throws UserError for a corpus that cannot be read or lacks a language, and for a place that holds something already
 */
export async function convert({ corpus: from, out, format: named, ...options }: ConvertSettings): Promise<{ images: number; captions: number }> {
  requireNew(out)
  const format = named ?? outputFormat(out)
  const { corpus } = await openCorpus(from, options)
  const { languages = corpus.languages } = options
  const missing = languages.filter((language) => !corpus.languages.includes(language))
  if (missing.length > 0) {
    const expected = `languages of ${from} (${corpus.languages.join(', ')})`
    throw new UserError({ where: '--languages', expected, got: missing.join(', '), hint: languageHint(corpus, missing) })
  }
  const written = await writeCorpus(corpus, out, languages, format)
  await writeSkippedTo(`${out}.${skippedFile}`, corpus)
  return written
}

/** Throws UserError where something is in the place. */
export function requireNew(out: string): void {
  if (existsSync(out)) throw new UserError({ where: out, expected: 'a new place', got: 'one that is there', hint: 'Name another.' })
}

/** Writes the captions of some languages. Where that fails, nothing is left. */
export async function writeCorpus(
  corpus: Corpus,
  out: string,
  languages: Language[],
  format: OutputFormat,
): Promise<{ images: number; captions: number }> {
  if (!folderFormats.includes(format)) return await fill(corpus, out, languages, format)
  const isOwn = () => false
  const replacement = { what: 'corpus', isOwn, hint: 'Name another.' }
  return await replaceFolder(out, replacement, (dir) => fill(corpus, dir, languages, format))
}

async function fill(corpus: Corpus, out: string, languages: Language[], format: OutputFormat) {
  const writer = await openWriter(out, languages, format)
  const written = { images: 0, captions: 0 }
  const bar = progress('write', await countSamples(corpus), 'images')
  try {
    for await (const { sample, split } of everySample(corpus)) {
      const captions = Object.fromEntries(Object.entries(sample.captions).filter(([language]) => languages.includes(language)))
      await writer.add({ ...sample, captions }, split)
      written.captions += Object.values(captions).flat().length
      bar.update(++written.images)
    }
    await writer.finish()
    return written
  } catch (error) {
    await writer.discard()
    throw error
  } finally {
    bar.stop()
  }
}
