import type { Direction } from '../eval/metrics.ts'

/** What `report.html` shows beyond `report.json`. A part that is absent leaves no trace on the page. */
export interface ReportMaterial {
  /** Heading of the page; default `Report`. */
  title?: string
  /** Logs of the stages, in the order in which they ran. */
  training?: TrainingLog[]
  /** Some free queries with the best images, a set a language; freeQueryExamples makes them. */
  freeQueries?: FreeQueryExamples[]
  /** Worst and best queries, a set a language; pickExamples makes them. */
  examples?: ExampleSet[]
  /** Zero-shot confusion matrices; confusionTable makes them. */
  confusions?: ConfusionTable[]
  /** Cosines of some images with some texts; similarityMap makes them. */
  similarities?: SimilarityMap[]
}

/** Lines of a run's log.jsonl: numbers by name, `step` among them. */
export type LogLine = { step: number } & Record<string, number>

export interface TrainingLog {
  /** `Stage 1`, for example. */
  name: string
  lines: LogLine[]
}

/** An image as the page shows it. */
export interface Picture {
  /** `data:image/…;base64,…`, small: 64 to 96 pixels a side. */
  url: string
  /** What it shows, in the language of the task: its first caption, else its id. */
  label: string
}

export interface Hit {
  /** Place among the candidates, from 1. */
  rank: number
  /** Cosine with the query. */
  score: number
  isRight: boolean
  /** Found images have a picture; found texts only their label. */
  picture?: Picture
  label: string
}

export interface QueryExample {
  direction: Direction
  query: { text: string } | { picture: Picture }
  /** Rank of the best right answer, as recall counts it. */
  rank: number
  gallery: number
  /** The first candidates, best first. */
  hits: Hit[]
  /** The best right answer, where it is not among `hits`. */
  missed?: Hit
}

/** Free queries with the images that were found, in the order of the protocol: not chosen by how well they went. */
export interface FreeQueryExamples {
  model: string
  protocol: string
  language: string
  queries: { text: string; kind: string; hits: Hit[] }[]
}

export interface ExampleSet {
  model: string
  corpus: string
  protocol: string
  language: string
  worst: QueryExample[]
  best: QueryExample[]
}

export interface ConfusionTable {
  model: string
  corpus: string
  protocol: string
  language: string
  /** What kind of classes, e.g. `groups`. */
  kind: string
  /** Names of the classes, in that language [C]. */
  classes: string[]
  /** For each class [C] what its images were taken for: class → how many. */
  counts: Map<number, number>[]
}

export interface SimilarityMap {
  model: string
  corpus: string
  protocol: string
  language: string
  images: Picture[]
  texts: string[]
  /** Cosines [images][texts]. */
  values: number[][]
  /** Whether the text describes the image [images][texts]. */
  right: boolean[][]
}
