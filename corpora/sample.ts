import type { BadSample, OnBadRow, OnBadSample } from './bad-row.ts'

/** BCP 47 code, e.g. `en`, `zh`, `pt`. */
export type Language = string
export type Split = 'train' | 'val' | 'test'

/** How a user's files are read, where they do not say it themselves. */
export interface Reading {
  /** What image paths are relative to; default: the file's folder. */
  imagesDir?: string
  /** Language of captions whose file names none. */
  captionLanguage?: Language
  /** Whether cells of a table may stand in double quotes; false takes them as they are. Default true. */
  quoting?: boolean
  /** Gets the error of each row that cannot be used, which is then left out; default: it is thrown. */
  onBadRow?: OnBadRow
  /** What becomes of rows and pictures that cannot be used; default: fail. */
  onBadSample?: OnBadSample
}

/** Where an image's bytes come from; `key` is stable and unique in its corpus (a path, an icon name). */
export interface ImageSource {
  key: string
  /** Differs where the content under the key does: a file's size, a package's version. Left out where a key always means the same content. */
  fingerprint?: string
  /** A file's modification time, ms. Caches take another time for other content; a copy of the same content has another time. */
  modified?: number
  /** The file, for images that are one. */
  path?: string
  /** It comes with this program, and needs no guard when it is decoded. */
  isOurs?: true
  /** Reads the encoded image (PNG, JPEG, WebP, SVG …). Throws UserError when it is missing. */
  read(): Promise<Uint8Array>
}

/** What is said about one thing, in one or more languages. */
export interface TextSample {
  id: string
  captions: Record<Language, string[]>
  /** Single words that belong to it, each too vague for a caption. */
  keywords?: Record<Language, string[]>
  /** Samples of one concept are positives of each other. */
  classId?: string
  /** For breakdowns in reports (emoji group, style, …). */
  group?: string
  /** All that the manifest says about it beyond image, captions and split, by column. */
  columns?: Record<string, string>
}

export interface Sample extends TextSample {
  image: ImageSource
}

/** Parallel texts without images. */
export interface TextCorpus {
  name: string
  licence: string
  languages: Language[]
  splits: Split[]
  /** Columns of a user's table that were read as no language, for messages. */
  setAside?: string[]
  /** Name of the corpus that has pictures of the same things, for openCorpus. */
  pictures?: string
  /** What was left out because it cannot be used; absent where that ends a run. */
  skipped?: BadSample[]
  samples(split: Split): AsyncIterable<TextSample>
}

export interface Corpus extends TextCorpus {
  samples(split: Split): AsyncIterable<Sample>
  /** Languages that images of a split have captions in. */
  languagesOf(split: Split): Language[]
}
