import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { extname } from 'node:path'
import { createGunzip } from 'node:zlib'
import { UserError } from '../base/errors.ts'

const newline = 0x0a
/** What spreadsheets and old tools write instead, by the name that they call it. */
const encodings = { gb18030: 'GBK', shift_jis: 'Shift JIS', 'euc-kr': 'EUC-KR', big5: 'Big5', 'windows-1252': 'Windows-1252' }

/**
 * The text of a file, in pieces that end at line ends (the last one may not), without a byte order mark. A file that begins as gzip does is unpacked.
 * Memory holds one line and one block of the file.
 * @throws UserError with file and line for bytes that are no UTF-8, naming the encoding that they fit, for NUL bytes, and for gzip that is broken
 */
export async function* utf8Text(file: string): AsyncGenerator<string> {
  let line = 1
  let isFirst = true
  for await (const block of wholeLines(file)) {
    const bytes = isFirst && block.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? block.subarray(3) : block
    if (isFirst) refuseUtf16(bytes, file)
    isFirst = false
    if (bytes.includes(0) || !isUtf8(bytes)) refuseLine(bytes, file, line)
    yield bytes.toString('utf8')
    line += count(bytes)
  }
}

/** The ending that says what a file holds, in lower case: `.csv` of `a.CSV` and of `a.csv.gz`. */
export function formatOf(file: string): string {
  return extname(file.replace(/\.gz$/i, '')).toLowerCase()
}

/** The lines of a file without their ends, which are `\n` or `\r\n`: JSON strings may hold U+2028 and U+2029 as they are. */
export async function* utf8Lines(file: string): AsyncGenerator<{ text: string; line: number }> {
  let line = 0
  for await (const text of utf8Text(file)) {
    const lines = text.split('\n')
    if (lines.at(-1) === '') lines.pop()
    for (const written of lines) yield { text: written.replace(/\r$/, ''), line: ++line }
  }
}

async function* wholeLines(file: string): AsyncGenerator<Buffer> {
  let rest: Buffer[] = []
  for await (const chunk of unpacked(file)) {
    const end = chunk.lastIndexOf(newline) + 1
    if (end > 0) yield Buffer.concat([...rest, chunk.subarray(0, end)])
    if (end > 0) rest = []
    if (end < chunk.length) rest.push(chunk.subarray(end))
  }
  if (rest.length > 0) yield Buffer.concat(rest)
}

async function* unpacked(file: string): AsyncGenerator<Buffer> {
  const input = createReadStream(file, { highWaterMark: 1 << 18 })
  try {
    const chunks = input[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    const { value: first, done } = await chunks.next()
    if (done) return
    const rest = async function* () {
      yield first
      yield* { [Symbol.asyncIterator]: () => chunks }
    }
    if (first[0] !== 0x1f || first[1] !== 0x8b) yield* rest()
    else yield* gunzipped(rest(), file)
  } finally {
    input.destroy()
  }
}

async function* gunzipped(packed: AsyncIterable<Buffer>, file: string): AsyncGenerator<Buffer> {
  const gunzip = createGunzip()
  const feeding = (async () => {
    for await (const chunk of packed) if (!gunzip.write(chunk)) await new Promise((resolve) => gunzip.once('drain', resolve).once('close', resolve))
    gunzip.end()
  })()
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) yield chunk
    await feeding
  } catch (cause) {
    throw new UserError({ where: file, expected: 'gzip that is whole', got: (cause as Error).message, hint: 'Copy or pack the file again.' })
  } finally {
    gunzip.destroy()
  }
}

function count(bytes: Buffer): number {
  let found = 0
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) found++
  return found
}

function refuseUtf16(bytes: Buffer, file: string): void {
  const [first, second] = bytes
  const marked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  const every = (from: number) => bytes.length >= 8 && [0, 2, 4, 6].every((i) => bytes[i + from] === 0 && bytes[i + 1 - from] !== 0)
  if (marked || every(0) || every(1)) throw encodingError(`${file}:1`, 'UTF-16')
}

function refuseLine(bytes: Buffer, file: string, firstLine: number): never {
  let line = firstLine
  let from = 0
  while (true) {
    const end = bytes.indexOf(newline, from)
    const written = bytes.subarray(from, end < 0 ? undefined : end)
    const where = `${file}:${line}`
    if (written.includes(0)) {
      const hint = 'Write the file again: it was cut, or written by a program that fills it up.'
      throw new UserError({ where, expected: 'text', got: 'a NUL byte', hint })
    }
    if (!isUtf8(written)) throw encodingError(where, fitting(written))
    from = end + 1
    line++
  }
}

/** `GBK: "狗"`, the first encoding that the bytes fit. */
function fitting(bytes: Buffer): string {
  for (const [label, name] of Object.entries(encodings)) {
    const text = decoded(bytes, label)
    if (text !== undefined) return `bytes that are no UTF-8; they fit ${name}: "${text.trim().slice(0, 60)}"`
  }
  return 'bytes that are no UTF-8'
}

function decoded(bytes: Buffer, label: string): string | undefined {
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function encodingError(where: string, got: string): UserError {
  return new UserError({ where, expected: 'text in UTF-8', got, hint: 'Save the file as UTF-8 (in a spreadsheet: "CSV UTF-8").' })
}
