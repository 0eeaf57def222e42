import type { ImageSource, Language } from './sample.ts'

/** One retrieval protocol in one language: what is embedded, what is searched, what counts as right. */
export interface RetrievalTask {
  corpus: string
  /** One of docs/report.md's names, e.g. `unseen-style/openmoji`; for users' data the split's name. */
  protocol: string
  language: Language
  images: { id: string; source: ImageSource; group?: string; classId?: string }[]
  texts: string[]
  /** For each text the indices of the images it describes; empty for a text that only distracts. */
  positives: number[][]
  /** For each text the image it was written for, where `positives` may begin with another one of its class. */
  writtenFor?: number[]
  /** Texts that are asked for in text→image; default: every text with a positive. */
  textQueries?: number[]
  /** Images that are asked for in image→text; default: every image with a positive. */
  imageQueries?: number[]
  /**
   * For each text what kind of query it is, e.g. `attribute`. Given, the task is one of free queries: a text has several relevant images, and only
   * text→image is measured, by precision instead of recall (eval/free-queries.ts).
   */
  kinds?: string[]
}
