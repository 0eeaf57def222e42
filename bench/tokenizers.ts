/**
 * Which tokenizer to train by default: unigram or byte-level BPE? Both are trained on nine tenths of the CLDR concepts, in the languages named (English
 * and Chinese), and compared by mean tokens per caption (start and end not counted) on those captions and on the concepts left out.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { markdownTable } from 'markdown-table'
import { mixSeed } from '../base/random.ts'
import { languageList } from '../stages/settings/shared.ts'
import { cldrCaptions } from '../test/tokenizers/cldr.ts'
import { loadTokenizer, type Tokenizer } from '../tokenizers/load.ts'
import { trainTokenizer, writeTokenizer } from '../tokenizers/train.ts'
import { measured, type Rows } from './record/rows.ts'
import type { Flags } from './subject.ts'

// Five copies of the same words would weigh more than anything else.
const SKIN_TONE = /[\u{1f3fb}-\u{1f3ff}]/u

const sizes = [2000, 4000, 6000, 8000]

/** Prints the table and returns it. */
export async function benchTokenizers(flags: Flags): Promise<Rows> {
  const languages = languageList.parse(String(flags.languages).split(','))
  const parts = new Map<string, string[]>()
  for (const language of languages) {
    const captions = await cldrCaptions(language)
    for (const unseen of [false, true]) {
      const chosen = captions.filter(({ concept }) => !SKIN_TONE.test(concept) && isUnseen(concept) === unseen)
      parts.set(
        `${language} ${unseen ? 'unseen' : 'seen'}`,
        chosen.map(({ text }) => text),
      )
    }
  }
  const training = languages.flatMap((language) => parts.get(`${language} seen`)!)
  const dir = await mkdtemp(join(tmpdir(), 'tokenizers-'))
  const rows: string[][] = []
  const results: Rows = {}
  for (const vocabSize of sizes) {
    for (const algorithm of ['unigram', 'bpe'] as const) {
      const began = performance.now()
      const files = trainTokenizer(training, { vocabSize, algorithm })
      const seconds = (performance.now() - began) / 1000
      await writeTokenizer(dir, files)
      const tokenizer = await loadTokenizer(dir)
      const rate = captionsPerSecond(tokenizer, [...new Set(training)])
      const means = [...parts].map(([part, texts]) => [part, meanTokens(tokenizer, texts)] as const)
      rows.push([algorithm, String(tokenizer.vocabSize), ...means.map(([, mean]) => mean.toFixed(3)), seconds.toFixed(2), rate.toFixed(0)])
      const name = `${algorithm} ${vocabSize}`
      for (const [part, mean] of means) results[`${name}, ${part}`] = measured('tokens a caption', mean)
      Object.assign(results, { [`${name}, training`]: measured('s', seconds), [`${name}, encoding`]: measured('captions/s', rate) })
    }
  }
  await rm(dir, { recursive: true })
  console.log(markdownTable([['algorithm', 'vocabulary', ...parts.keys(), 'train s', 'captions/s'], ...rows]))
  return results
}

function isUnseen(concept: string): boolean {
  return mixSeed(...Array.from(concept, (character) => character.codePointAt(0)!)) % 10 === 0
}

function captionsPerSecond(tokenizer: Tokenizer, texts: string[]): number {
  const began = performance.now()
  tokenizer.encodeBatch(texts)
  return (1000 * texts.length) / (performance.now() - began)
}

function meanTokens(tokenizer: Tokenizer, texts: string[]): number {
  return texts.reduce((sum, text) => sum + tokenizer.encode(text).length - 2, 0) / texts.length
}
