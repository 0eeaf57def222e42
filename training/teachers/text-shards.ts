import { embedTexts } from '../../models/embed.ts'
import { blockCount, blocksThere, rowsOf } from './blocks.ts'
import { openFeatureFolder } from './feature-folder.ts'
import { openStore } from './feature-store.ts'
import type { FeatureShards } from './shards.ts'
import { type TextTeacher, textRows } from './text-rows.ts'

/** As textFeatures makes them, byte for byte. */
export function textShards(teacher: TextTeacher, texts: readonly string[], cacheDir: string): FeatureShards {
  const { dir, made, features } = textRows(teacher, texts, cacheDir)
  const set = { ...features, extension: 'npy' }
  return {
    kind: 'text',
    rows: features.rows,
    count: blockCount(set),
    rowBytes: 2 * features.width,
    open: () => openFeatureFolder(dir, made),
    rowsOf: (shard) => rowsOf(set, shard),
    there: () => blocksThere(set),
    missing: async (wanted) => (await openStore([features], wanted)).missing,
    async compute(shard) {
      const store = await openStore([features], new Set([shard]))
      await store.complete(async (from, to) => [await embedTexts(teacher, texts.slice(from, to))])
    },
    close: async () => {},
  }
}
