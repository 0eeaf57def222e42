import type { Framing } from '../corpora/framing.ts'

/** data/site.json: what the page shows and where it lies. */
export interface Site {
  version: 1
  /** Name of the model. */
  model: string
  /** Side of the pictures that the model sees. */
  imageSize: number
  /** How they become squares of that size. */
  framing: Framing
  /** Number formats of the model, the one to start with first, each with the bytes of both towers and its file of vectors. */
  formats: Format[]
  languages: SiteLanguage[]
  pictures: Pictures
}

export interface Format {
  dtype: 'fp32' | 'fp16' | 'q8' | 'int8' | 'q4'
  bytes: number
  /** Vectors of the pictures, then of each language's words, as this format of the model makes them. */
  vectors: string
  /** The model's own: what its cosines are multiplied with before they become probabilities. */
  logitScale: number
  /** Cosine below which a picture does not fit words, where the model says it. */
  scoreThreshold?: number
}

interface SiteLanguage {
  /** BCP 47. */
  code: string
  /** In English. */
  name: string
  words: string[]
  /** For each picture the index of its first word, −1 where it has none. */
  ofPicture: number[]
}

export interface Pictures {
  count: number
  /** Side of a picture in pixels. */
  tile: number
  /** Pictures in a row of a sheet, and in a sheet. */
  columns: number
  perSheet: number
  /** Files; the last one may be less high. */
  sheets: string[]
}

/** @throws Error when a part of the site is missing */
export async function fetchFile(path: string): Promise<Response> {
  const response = await fetch(path)
  if (!response.ok) throw new Error(`${path}: the server answers ${response.status}`)
  return response
}

/** @throws Error when the site was built for another version of the page */
export async function fetchSite(): Promise<Site> {
  const site = (await (await fetchFile('data/site.json')).json()) as Site
  if (site.version !== 1) throw new Error(`data/site.json: expected version 1, got ${site.version}. Build the site again.`)
  return site
}

/** `1,194`. */
export function thousands(count: number): string {
  return count.toLocaleString('en-US')
}

/** `2.4 MB`. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e6 ? 2 : 1)} MB`
}
