import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { openDraft } from '../../base/disk.ts'

/** The file's columns, as Parquet has them: a tree in one list, its root first. */
export type ParquetSchema = ConstructorParameters<typeof ParquetWriter>[0]['schema']

/** A Parquet file that takes its name when it is whole; of its rows only those of a group are in memory. */
export interface ParquetFile {
  /** Writes a row group; `data` of each column has a value a row. */
  write(columns: { name: string; data: unknown[] }[]): Promise<void>
  finish(): Promise<void>
  discard(): Promise<void>
}

export async function openParquet(file: string, schema: ParquetSchema): Promise<ParquetFile> {
  const out = await openDraft(file)
  const bytes = new ByteWriter()
  const parquet = new ParquetWriter({ writer: bytes, schema })
  const drain = async () => {
    await out.write(bytes.getBytes())
    bytes.index = 0
  }
  return {
    async write(columnData) {
      parquet.write({ columnData, rowGroupSize: columnData[0]!.data.length })
      await drain()
    },
    async finish() {
      await parquet.finish()
      await drain()
      await out.finish()
      await out.commit()
    },
    discard: out.discard,
  }
}
