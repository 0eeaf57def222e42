/** Rows of a teacher's features that are computed in shards: each is a file, whoever computes it, and all of them are the cache of one process. */
export interface FeatureShards {
  kind: 'image' | 'text'
  rows: number
  count: number
  /** Bytes of a row on disk. */
  rowBytes: number
  /** Says what the folder is of; to be called before anything is computed. Throws UserError where it holds something else. */
  open(): Promise<void>
  /** The rows of a shard, `to` exclusive. */
  rowsOf(shard: number): { from: number; to: number }
  /** Shards whose files are there by name, nothing of them read. */
  there(): Promise<Set<number>>
  /** Those of `wanted` that are not there; files that are there are read, and damaged ones deleted. */
  missing(wanted: ReadonlySet<number>): Promise<number[]>
  /**
   * Computes a shard and writes it, or finds it there.
   * @throws UserError for images that cannot be decoded, and for features that are not finite
   */
  compute(shard: number): Promise<void>
  close(): Promise<void>
}
