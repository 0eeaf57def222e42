import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { unlessBad } from '../bad-row.ts'
import { csvRows } from '../csv.ts'
import type { Row } from '../table.ts'
import { utf8Lines } from '../utf8.ts'
import { type Reader, splitInName } from './reader.ts'
import { parseRecord, recordRow } from './record.ts'

const manifests = ['metadata.jsonl', 'metadata.csv']

export function hasManifest(names: string[]): boolean {
  return names.some((name) => manifests.includes(name))
}

/**
 * Hugging Face's `imagefolder`: pictures beside a `metadata.csv` or `metadata.jsonl` whose `file_name` names them, in the folder itself or in folders
 * named after splits. Source: https://huggingface.co/docs/datasets/image_dataset
 */
export const imageFolder: Reader = {
  name: 'imagefolder',
  takes: ({ names = [] }) => hasManifest(names) || splitFolders(names).length > 0,
  async *rows({ path, names = [] }, options) {
    let found = false
    for (const folder of hasManifest(names) ? [''] : splitFolders(names)) {
      const inside = await readdir(join(path, folder))
      const manifest = manifests.find((name) => inside.includes(name))
      if (!manifest) continue
      found = true
      const split = splitInName(folder)
      for await (const row of rowsOf(join(path, folder, manifest))) {
        yield { ...row, image: join(folder, row.image), ...(row.split === undefined && split && { split }) }
      }
    }
    if (found) return
    throw new UserError({ where: path, expected: `a ${manifests.join(' or ')}`, got: 'none in it or in its splits', hint: 'Write one, or a CSV.' })

    async function* rowsOf(file: string): AsyncGenerator<Row> {
      if (file.endsWith('.csv')) yield* csvRows({ ...options, file })
      else
        for await (const { text, line } of utf8Lines(file)) {
          const row = text.trim() === '' ? undefined : unlessBad(() => rowOf(text, `${file}:${line}`), options.onBadRow)
          if (row) yield row
        }
    }

    function rowOf(text: string, where: string): Row {
      const { file_name: image, ...record } = parseRecord(text, where)
      if (typeof image === 'string') return { ...recordRow(record, where, options), image }
      throw new UserError({ where, expected: 'an object with "file_name"', got: text.slice(0, 80), hint: 'Write one object a line.' })
    }
  },
}

function splitFolders(names: string[]): string[] {
  return names.filter((name) => name.endsWith('/') && splitInName(name) !== undefined).toSorted()
}
