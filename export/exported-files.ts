import type { Interval } from '../eval/bootstrap.ts'
import type { Threshold } from '../eval/threshold.ts'
import type { ModelDtype } from '../models/onnx/dtypes.ts'
import type { FileStem } from './file-stems.ts'

/** What an export wrote, and how near it is to the model as it trains. */
export interface ExportedFiles {
  dir: string
  /** Bytes of each file by number format. */
  sizes: FileSizes[]
  parity: Parity[]
  /** What each format keeps of mean recall, per language; empty without a gate. */
  recall: RecallRow[]
  /** Scores below which nothing fits, by number format; empty without tasks to choose them on. */
  thresholds: Partial<Record<ModelDtype, Threshold>>
  /** Weights left in fp32. */
  keptFp32: string[]
}

/** Sizes of one number format. */
export interface FileSizes {
  dtype: ModelDtype
  bytes: Record<FileStem, number>
}

/** How near the files of one number format come to the training graph. */
export interface Parity {
  dtype: ModelDtype
  /** Least and mean cosine between embeddings, by tower. */
  image: Closeness
  text: Closeness
}

/** Cosines. */
export interface Closeness {
  least: number
  mean: number
}

/** Validation recall of one number format in one language. */
export interface RecallRow extends LanguageRecall {
  dtype: ModelDtype
  /** Mean recall of the model as it trains. */
  reference: number
  /** Points (percent) that are lost; negative where quantization happens to help. */
  drop: number
  /** Of the drop, in points: paired bootstrap over images, 95 %. */
  interval: Interval
  /** Images that recall was measured on. */
  images: number
}

/** Mean recall of one language. */
export interface LanguageRecall {
  protocol: string
  language: string
  meanRecall: number // fraction
}
