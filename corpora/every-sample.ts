import type { Corpus, Sample, Split } from './sample.ts'

/** The samples of all splits, split by split. */
export async function* everySample(corpus: Corpus): AsyncGenerator<{ sample: Sample; split: Split }> {
  for (const split of corpus.splits) for await (const sample of corpus.samples(split)) yield { sample, split }
}

export async function countSamples(corpus: Corpus): Promise<number> {
  let count = 0
  for await (const _ of everySample(corpus)) count++
  return count
}
