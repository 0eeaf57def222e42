import type { Reading } from '../sample.ts'
import type { Row } from '../table.ts'

/** What a user named as a corpus. */
export interface Place {
  path: string
  /** The names in it, folders with a slash behind; undefined for a file. */
  names?: string[]
}

/** One format of users' data. Rows are read as they are asked for: memory holds an index at most, never pictures. */
export interface Reader {
  /** For messages: `Chinese-CLIP`. */
  name: string
  takes(place: Place): boolean
  /** Throws UserError with file and line, key or row for what cannot be read. */
  rows(place: Place, options: Reading): AsyncGenerator<Row>
}

/** The split that a file's name speaks of: `train-00001.tar`, `captions_val2014.json`. */
export function splitInName(name: string): string | undefined {
  return /(?:^|[^a-z])(train|validation|valid|val|dev|test)(?:[^a-z]|$)/.exec(name.toLowerCase())?.[1]
}
