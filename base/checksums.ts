import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { writeFileAtomic } from './disk.ts'
import { UserError } from './errors.ts'

/** SHA-256 of files, a line each, as sha256sum writes it: `sha256sum -c SHA256SUMS` checks the folder, too. */
export const checksumsFile = 'SHA256SUMS'

/** Files of a folder that count: whoever reads a model opens no others. A card is edited by hand, and a .git may come along. */
const covered = /\.(?:json|safetensors|onnx|onnx_data|ort|txt|config)$/

type Sums = Map<string, string> // file → 64 hexadecimal digits

/** The lines of `SHA256SUMS` for these bytes, in the order of names. */
export function formatChecksums(files: Record<string, Uint8Array>): string {
  return format(new Map(Object.entries(files).map(([name, bytes]) => [name, createHash('sha256').update(bytes).digest('hex')])))
}

/** Writes the checksums of all files in a folder and those below it. */
export async function writeChecksums(dir: string): Promise<void> {
  const sums: Sums = new Map()
  for (const name of await coveredFiles(dir)) sums.set(name, await hashFile(join(dir, name)))
  await writeFileAtomic(join(dir, checksumsFile), format(sums))
}

/** Takes files into the checksums that were changed on purpose; the lines of all others stay. A folder without checksums stays one. */
export async function updateChecksums(dir: string, names: readonly string[]): Promise<void> {
  const sums = await readSums(dir)
  if (!sums) return
  for (const name of names) sums.set(name, await hashFile(join(dir, name)))
  await writeFileAtomic(join(dir, checksumsFile), format(sums))
}

/**
 * Reads every file of a folder and compares it with the checksums that the folder carries. Nothing in the list can change unnoticed either: a line that is
 * lost is a file that is not listed.
 * @param options.required refuses a folder without checksums; else there is nothing to compare
 * @throws UserError naming the first file that is missing, changed or not listed
 */
export async function verifyChecksums(dir: string, { required = true, hint }: { required?: boolean; hint: string }): Promise<void> {
  const sums = await readSums(dir)
  const fail = (name: string, expected: string, got: string): never => {
    throw new UserError({ where: join(dir, name), expected, got, hint })
  }
  if (!sums) {
    if (!required) return
    return fail(checksumsFile, 'the checksums of the folder', 'no such file')
  }
  for (const [name, sum] of sums) {
    const found = await hashFile(join(dir, name)).catch((error: NodeJS.ErrnoException) =>
      fail(name, 'a file with the SHA-256 in its list', error.message),
    )
    if (found !== sum) fail(name, `the SHA-256 ${sum.slice(0, 12)}… of ${checksumsFile}`, `${found.slice(0, 12)}…`)
  }
  const unlisted = (await coveredFiles(dir)).find((name) => !sums.has(name))
  if (unlisted !== undefined) fail(unlisted, `a line in ${checksumsFile}`, 'none')
}

/**
 * Compares bytes that were read with a list of checksums.
 * @throws UserError naming the file in `dir` that is not the one in the list
 */
export function compareChecksums(dir: string, list: Uint8Array, files: Record<string, Uint8Array>, hint: string): void {
  const sums = parse(Buffer.from(list).toString('latin1'), join(dir, checksumsFile))
  for (const [name, bytes] of Object.entries(files)) {
    const sum = sums.get(name)
    const found = createHash('sha256').update(bytes).digest('hex')
    if (found === sum) continue
    const expected = sum === undefined ? `a line in ${checksumsFile}` : `the SHA-256 ${sum.slice(0, 12)}… of ${checksumsFile}`
    throw new UserError({ where: join(dir, name), expected, got: sum === undefined ? 'none' : `${found.slice(0, 12)}…`, hint })
  }
}

async function readSums(dir: string): Promise<Sums | undefined> {
  const file = join(dir, checksumsFile)
  const text = await readFile(file, 'latin1').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  return text === undefined ? undefined : parse(text, file)
}

/** Strict: nothing but what `format` writes. */
function parse(text: string, file: string): Sums {
  const sums: Sums = new Map()
  for (const line of text.replace(/\n$/, '').split('\n')) {
    const [, sum, name] = /^([0-9a-f]{64}) {2}([^\0\n]+)$/.exec(line) ?? []
    if (sum !== undefined && name !== undefined && !isOutside(name)) sums.set(Buffer.from(name, 'latin1').toString(), sum)
  }
  if (format(sums) === Buffer.from(text, 'latin1').toString()) return sums
  const hint = 'The file may be damaged or only half copied: restore it.'
  throw new UserError({ where: file, expected: 'lines of sha256sum', got: `${text.length} bytes of something else`, hint })
}

function isOutside(name: string): boolean {
  return name.startsWith('/') || name.split('/').includes('..')
}

function format(sums: Sums): string {
  return [...sums].map(([name, sum]) => `${sum}  ${name}\n`).join('')
}

async function coveredFiles(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
  return files.filter((name) => covered.test(name) && !name.split('/').some((part) => part.startsWith('.'))).sort()
}

async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
