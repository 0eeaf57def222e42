import { extname } from 'node:path'
import { writeFileAtomic } from '../base/disk.ts'
import { UserError } from '../base/errors.ts'
import { isNoCaption } from '../corpora/check/captions.ts'
import { type Checked, type CheckReport, checkCorpus } from '../corpora/check/check.ts'
import { isEmbeddedCorpus } from '../corpora/emoji/embedded.ts'
import { everySample } from '../corpora/every-sample.ts'
import type { Corpus, Sample } from '../corpora/sample.ts'
import type { OutputFormat } from '../corpora/writers/formats.ts'
import { renderCheck } from '../report/html/check.ts'
import { teacherFolder } from '../run/shipped-teacher.ts'
import { loadTokenizer } from '../tokenizers/load.ts'
import { requireNew, writeCorpus } from './convert.ts'
import type { CheckSettings } from './settings/check.ts'

const samplesOnPage = 24
/** What holds captions in all languages, and splits. */
const tables = ['csv', 'tsv', 'jsonl'] as const

/**
 * Checks a corpus, writes the page, and with `fix` what is sound.
 * @throws UserError where nothing can be read, and for a `fix` that is there or is no table
 */
export async function check({ corpus: path, tokenizer: dir, contextLength, fix, page, ...reading }: CheckSettings): Promise<CheckReport> {
  if (isEmbeddedCorpus(path)) {
    const hint = 'Name it: check captions.csv.'
    throw new UserError({ where: 'corpus', expected: 'a file or folder of yours', got: path, hint })
  }
  const format = fix === undefined ? undefined : tableFormat(fix)
  const tokenizer = await loadTokenizer(teacherFolder(dir))
  const count = (text: string) => tokenizer.encodeBatch([text], 100_000, 'longest').length
  const checked = await checkCorpus(path, { ...reading, tokenizer: { contextLength: contextLength ?? tokenizer.contextLength, count } })
  const { report, corpus } = checked
  await writeFileAtomic(page, await renderCheck(report, await firstSamples(corpus)))
  if (fix !== undefined && format) await writeCorpus(sound(checked), fix, corpus.languages, format)
  return report
}

function tableFormat(fix: string): OutputFormat {
  requireNew(fix)
  const format = tables.find((name) => extname(fix).toLowerCase() === `.${name}`)
  if (format) return format
  throw new UserError({ where: fix, expected: `a file ${tables.map((name) => `.${name}`).join(', ')}`, got: 'another', hint: 'Name one with --fix.' })
}

async function firstSamples(corpus: Corpus): Promise<Sample[]> {
  const samples: Sample[] = []
  for await (const { sample } of everySample(corpus)) {
    samples.push(sample)
    if (samples.length === samplesOnPage) break
  }
  return samples
}

/** The corpus without unreadable and leaking pictures, and without captions that are none. */
function sound({ corpus, unsound }: Checked): Corpus {
  return {
    ...corpus,
    async *samples(split) {
      for await (const sample of corpus.samples(split)) {
        if (unsound.has(sample.id)) continue
        const kept = Object.entries(sample.captions).map(([language, texts]) => [language, texts.filter((text) => !isNoCaption(text))])
        yield { ...sample, captions: Object.fromEntries(kept) }
      }
    },
  }
}
