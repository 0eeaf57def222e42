import type { RuntimeOptions } from '../../engine/runtime.ts'
import type { FileFormat } from './dtypes.ts'
import type { ModelConfig } from './model-config.ts'
import type { Preprocessing } from './preprocessing.ts'

/** How a tower of a folder is opened. */
export interface TowerFolderOptions extends RuntimeOptions {
  /** Take the files of this number format; default: the most precise there are. */
  dtype?: FileFormat
  /** Take this output as the embedding; default: the one whose name says that it is. */
  output?: string
  /** Other outputs that can be read as they are. */
  others?: readonly string[]
}

/** SigLIP's towers have no projection, and its texts are always filled up: either file may tell. */
export function isSiglip({ type }: ModelConfig, preprocessing?: Pick<Preprocessing, 'kind'>): boolean {
  return type.startsWith('siglip') || /^siglip/i.test(preprocessing?.kind ?? '')
}
