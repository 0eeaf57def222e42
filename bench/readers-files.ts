/** Generated tables of many rows, written as a stream: the same rows in every format, an English and a Chinese caption each. */
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileWriter, ParquetWriter } from 'hyparquet-writer'
import { pack } from 'tar-stream'
import { random } from '../base/random.ts'

export const rowFormats = ['csv', 'jsonl', 'tar', 'parquet'] as const
export type RowFormat = (typeof rowFormats)[number]

const words = 'red small dog cat house tree boat rain night snow two green old apple street'.split(' ')
/** Rows of one group of a parquet file. */
const groupRows = 10_000

interface Named {
  image: string
  en: string
  zh: string
}

export async function writeRows(format: RowFormat, file: string, count: number): Promise<void> {
  if (format === 'parquet') return writeParquet(file, count)
  const bytes = format === 'tar' ? tarOf(count) : Readable.from(format === 'csv' ? csvOf(count) : jsonlOf(count))
  await pipeline(bytes, createWriteStream(file))
}

function* rowsOf(count: number): Generator<Named> {
  const next = random(1)
  const word = () => words[Math.floor(next() * words.length)]!
  for (let i = 0; i < count; i++) yield { image: `images/${i}.jpg`, en: `a ${word()} ${word()} and a ${word()} ${i}`, zh: `第${i}张图片` }
}

function* csvOf(count: number): Generator<string> {
  yield 'image,en,zh\n'
  for (const { image, en, zh } of rowsOf(count)) yield `${image},${en},${zh}\n`
}

function* jsonlOf(count: number): Generator<string> {
  for (const { image, en, zh } of rowsOf(count)) yield `${JSON.stringify({ image, captions: { en, zh } })}\n`
}

/** Pictures of a few bytes: they are not decoded here. */
function tarOf(count: number): Readable {
  const tar = pack()
  const fill = async () => {
    const entry = (name: string, content: string) =>
      new Promise<void>((resolve, reject) => void tar.entry({ name, mtime: new Date(0) }, content, (error) => (error ? reject(error) : resolve())))
    let i = 0
    for (const { en, zh } of rowsOf(count)) {
      const key = String(i++).padStart(8, '0')
      await entry(`${key}.jpg`, key)
      await entry(`${key}.json`, JSON.stringify({ captions: { en, zh } }))
    }
    tar.finalize()
  }
  fill().catch((error: Error) => tar.destroy(error))
  return tar as Readable & typeof tar
}

async function writeParquet(file: string, count: number): Promise<void> {
  const text = (name: string) => ({ name, type: 'BYTE_ARRAY' as const, converted_type: 'UTF8' as const, repetition_type: 'REQUIRED' as const })
  const image = { name: 'image', type: 'BYTE_ARRAY' as const, repetition_type: 'REQUIRED' as const }
  const writer = new ParquetWriter({ writer: fileWriter(file), schema: [{ name: 'root', num_children: 3 }, image, text('en'), text('zh')] })
  let group: Named[] = []
  const flush = () => {
    const bytes = group.map((row) => Buffer.from(row.image))
    const columnData = [{ name: 'image', data: bytes }, ...(['en', 'zh'] as const).map((name) => ({ name, data: group.map((row) => row[name]) }))]
    writer.write({ columnData, rowGroupSize: groupRows })
    group = []
  }
  for (const row of rowsOf(count)) if (group.push(row) === groupRows) flush()
  if (group.length > 0) flush()
  await writer.finish()
}
