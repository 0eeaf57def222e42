import { UserError } from '../base/errors.ts'
import { languageHint } from './language-hint.ts'
import type { RetrievalTask } from './retrieval-task.ts'
import type { Corpus, Language, Sample, Split } from './sample.ts'

/**
 * One split of a corpus as a retrieval protocol: every caption in `language` is a query, every image that has one is searched.
 * Right for a caption are the images it was written for, images with the very same caption, and images of the same class.
 * Throws UserError for a split or language the corpus does not have.
 */
export async function splitProtocol(corpus: Corpus, split: Split, language: Language): Promise<RetrievalTask> {
  check(corpus, 'split', split, corpus.splits, 'Name one of these.')
  check(corpus, 'language', language, corpus.languages, languageHint(corpus, [language]))
  const samples: Sample[] = []
  for await (const sample of corpus.samples(split)) if (sample.captions[language]?.length) samples.push(sample)
  if (samples.length === 0) {
    throw new UserError({
      where: `corpus ${corpus.name}, split ${split}`,
      expected: `images with captions in ${language}`,
      got: 'none',
      hint: 'Name another language, or add a split column that gives this split some.',
    })
  }
  const byClass = new Map<string, number[]>()
  const byText = new Map<string, number[]>()
  for (const [i, { classId, captions }] of samples.entries()) {
    if (classId !== undefined) push(byClass, classId, i)
    for (const caption of captions[language]!) push(byText, caption, i)
  }
  const alone = samples.map((_, i) => [i])
  const classOf = (i: number) => (samples[i]!.classId === undefined ? alone[i]! : byClass.get(samples[i]!.classId)!)
  // Captions of one class share one list: written out for each of them, large classes would not fit into memory.
  const rightFor = new Map([...byText].map(([text, written]) => [text, union(new Set(written.map(classOf)))]))
  const texts: string[] = []
  const positives: number[][] = []
  const writtenFor: number[] = []
  for (const [own, { captions }] of samples.entries()) {
    for (const caption of captions[language]!) {
      texts.push(caption)
      writtenFor.push(own)
      positives.push(rightFor.get(caption)!)
    }
  }
  return {
    corpus: corpus.name,
    protocol: split,
    language,
    images: samples.map(({ id, image, group, classId }) => ({ id, source: image, group, classId })),
    texts,
    positives,
    writtenFor,
  }
}

/** Indices of any of the lists, ascending; a single list as it is. */
function union(lists: Set<number[]>): number[] {
  const [first, ...more] = lists
  return more.length === 0 ? first! : [...new Set([...lists].flat())].sort((a, b) => a - b)
}

function push(map: Map<string, number[]>, key: string, value: number): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}

function check(corpus: Corpus, what: string, got: string, valid: string[], hint: string): void {
  if (valid.includes(got)) return
  throw new UserError({
    where: `corpus ${corpus.name}`,
    expected: `a ${what} it has (${valid.join(', ')})`,
    got,
    hint,
  })
}
