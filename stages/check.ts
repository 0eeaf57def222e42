import { writeFileAtomic } from '../base/disk.ts'
import { isNoCaption } from '../corpora/check/captions.ts'
import { type Checked, type CheckReport, checkCorpus } from '../corpora/check/check.ts'
import type { Corpus, Sample } from '../corpora/sample.ts'
import { renderCheck } from '../report/html/check.ts'
import { teacherFolder } from '../run/shipped-teacher.ts'
import { loadTokenizer } from '../tokenizers/load.ts'
import { writeCorpus } from './convert.ts'
import type { CheckSettings } from './settings/check.ts'

const samplesOnPage = 24

/**
 * Checks a corpus, writes the page, and with `fix` what is sound.
 * @throws UserError where nothing can be read
 */
export async function check({ corpus: path, tokenizer: dir, contextLength, fix, page, ...reading }: CheckSettings): Promise<CheckReport> {
  const tokenizer = await loadTokenizer(teacherFolder(dir))
  const count = (text: string) => tokenizer.encodeBatch([text], 100_000, 'longest').length
  const checked = await checkCorpus(path, { ...reading, tokenizer: { contextLength: contextLength ?? tokenizer.contextLength, count } })
  const { report, corpus } = checked
  await writeFileAtomic(page, await renderCheck(report, await firstSamples(corpus, samplesOnPage)))
  if (fix) await writeCorpus(sound(checked), fix, corpus.languages)
  return report
}

async function firstSamples(corpus: Corpus, count: number): Promise<Sample[]> {
  const samples: Sample[] = []
  for (const split of corpus.splits) {
    for await (const sample of corpus.samples(split)) {
      if (samples.length === count) return samples
      samples.push(sample)
    }
  }
  return samples
}

/** The corpus without unreadable and leaking pictures, and without captions that are none. */
function sound({ corpus, unsound }: Checked): Corpus {
  return {
    ...corpus,
    async *samples(split) {
      for await (const sample of corpus.samples(split)) {
        if (unsound.images.has(sample.id)) continue
        const kept = Object.entries(sample.captions).map(([language, texts]) => [language, texts.filter((text) => !isNoCaption(text))])
        yield { ...sample, captions: Object.fromEntries(kept) }
      }
    },
  }
}
