import type { OpenCorpus } from '../../corpora/open.ts'
import type { Language } from '../../corpora/sample.ts'

/** What is measured, and how. */
export interface Evaluation {
  open: OpenCorpus
  protocols: string[]
  languages: Language[]
  cacheDir: string
  seed: number
  /** Further languages to name classes in, for zero-shot classification. */
  classLanguages?: Language[]
  /** A published set (eval/known-sets.ts) that every task must be, by language and counts. */
  knownSet?: string
}

/** A protocol in one language. */
export interface MeasuredTask {
  protocol: string
  language: Language
}
