import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import { UserError } from '../../../base/errors.ts'
import { encodeNpy } from '../../../engine/npy.ts'
import { openStore, type RowSet } from '../../../training/teachers/feature-store.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

/** Eleven rows in three files, of two kinds: row r is r, r + 1/8, r + 2/8, …, exact in float16; wide rows are negative. */
async function written(t: ExecutionContext) {
  const dir = await temporaryFolder(t)
  const one = (kind: string, width: number): RowSet => ({ dir, kind, rows: 11, width, blockRows: 4 })
  const sets = [one('narrow', 3), one('wide', 5)]
  const rowOf = (row: number, width: number) => Array.from({ length: width }, (_, i) => (width === 5 ? -1 : 1) * (row + i / 8))
  const made: string[] = []
  const make = async (from: number, to: number) => {
    made.push(`${from}-${to}`)
    return sets.map(({ width }) => Float32Array.from(Array.from({ length: to - from }, (_, i) => rowOf(from + i, width)).flat()))
  }
  const done: number[] = []
  const open = async () => (await openStore(sets)).complete(make, (rows) => done.push(rows))
  const readers = await open()
  const nameOf = async (start: string) => (await readdir(dir)).find((name) => name.startsWith(start))!
  return { dir, sets, rowOf, made, done, open, readers, nameOf, missing: async () => (await openStore(sets)).missingBytes }
}

/** What numpy.load reads of a file by the format's description: magic, version 1.0, header's length, a Python dict, then the numbers. */
function readByHand(file: Buffer): { header: string; halves: Uint16Array } {
  const length = file.readUInt16LE(8)
  return {
    header: file.toString('latin1', 10, 10 + length),
    halves: new Uint16Array(new Uint8Array(file.subarray(10 + length)).buffer),
  }
}

test('rows come back in the order asked for, over all files and however often', async (t) => {
  const { sets, readers, rowOf } = await written(t)
  const order = [10, 0, 3, 4, 7, 0, 8, 1]
  for (const [i, { width }] of sets.entries()) {
    t.deepEqual(
      [...readers[i]!.read(order)],
      order.flatMap((row) => rowOf(row, width)),
    )
    t.deepEqual([...readers[i]!.read([])], [])
  }
})

test('files are float16 .npy, named by the CRC-32 of their bytes', async (t) => {
  const { dir, nameOf } = await written(t)
  const name = await nameOf('narrow-00002')
  const bytes = await readFile(join(dir, name))
  t.is(name, `narrow-00002-${crc32(bytes).toString(16).padStart(8, '0')}.npy`)
  t.is(bytes.toString('latin1', 0, 8), '\x93NUMPY\x01\x00')
  const { header, halves } = readByHand(bytes)
  t.regex(header, /^\{'descr': '<f2', 'fortran_order': False, 'shape': \(3, 3\), \} *\n$/)
  t.deepEqual([...halves.subarray(0, 3)], [0x4800, 0x4810, 0x4820], '8, 8.125, 8.25')
})

test('what is missing is made, and nothing else', async (t) => {
  const { dir, made, done, open, nameOf, missing } = await written(t)
  t.deepEqual(made, ['0-4', '4-8', '8-11'])
  t.is(done.at(-1), 11)
  t.is((await readdir(dir)).length, 6)
  t.is(await missing(), 0)
  await open()
  t.is(made.length, 3, 'all was there')
  await rm(join(dir, await nameOf('wide-00001')))
  t.is(await missing(), 2 * 4 * 5)
  const kept = join(dir, await nameOf('narrow-00001'))
  const before = await stat(kept)
  await open()
  t.deepEqual(made.slice(3), ['4-8'])
  t.is((await stat(kept)).mtimeMs, before.mtimeMs)
})

const damages: Record<string, (bytes: Buffer) => Buffer> = {
  'a flipped bit': (bytes) => Buffer.from(bytes.map((value, i) => (i === bytes.length - 5 ? value ^ 4 : value))),
  'a byte in the header': (bytes) => Buffer.from(bytes.map((value, i) => (i === 12 ? value ^ 1 : value))),
  'half a file': (bytes) => bytes.subarray(0, 140),
  'an empty file': () => Buffer.alloc(0),
  'a byte too many': (bytes) => Buffer.concat([bytes, Buffer.of(0)]),
}
for (const [title, damage] of Object.entries(damages)) {
  test(`a damaged block is made again: ${title}`, async (t) => {
    const { dir, sets, made, open, rowOf, nameOf, missing } = await written(t)
    const file = join(dir, await nameOf('wide-00001'))
    const whole = await readFile(file)
    await writeFile(file, damage(whole))
    t.is(await missing(), 2 * 4 * 5)
    const [, wide] = await open()
    t.deepEqual(made.slice(3), ['4-8'])
    t.deepEqual([...wide!.read([5])], rowOf(5, sets[1]!.width))
    t.deepEqual(await readFile(file), whole)
  })
}

test('whole files of another shape or another format are made again', async (t) => {
  const { dir, made, open, nameOf } = await written(t)
  for (const bytes of [Buffer.from(encodeNpy(new Float32Array(8), 2)), Buffer.from('hello')]) {
    await rm(join(dir, await nameOf('narrow-00000')))
    await writeFile(join(dir, `narrow-00000-${crc32(bytes).toString(16).padStart(8, '0')}.npy`), bytes)
    await open()
  }
  t.deepEqual(made.slice(3), ['0-4', '0-4'])
  t.is((await readdir(dir)).length, 6)
})

test('a number that is not finite is refused: by its row where it is made, by its file where it is read', async (t) => {
  const { dir, sets, readers } = await written(t)
  const broken = [{ ...sets[0]!, kind: 'broken' }]
  for (const [value, hint] of [
    [Number.NaN, /The teacher is broken/],
    [-70_000, /stored in float16: use --variants 0/],
  ] as const) {
    const store = await openStore(broken)
    const make = async (from: number, to: number) => [new Float32Array(3 * (to - from)).fill(value)]
    const { fields } = (await t.throwsAsync(
      store.complete(make, () => {}),
      { instanceOf: UserError },
    )) as UserError
    t.like(fields, { where: 'teacher features of broken 0…', got: `${value}` })
    t.regex(fields.hint, hint)
  }
  const bytes = Buffer.from(encodeNpy(Float32Array.of(1, 2, 3, 4, Number.NaN, 6, 7, 8, 9, 1, 2, 3), 3))
  const file = join(dir, `narrow-00000-${crc32(bytes).toString(16).padStart(8, '0')}.npy`)
  for (const name of await readdir(dir)) if (name.startsWith('narrow-00000')) await rm(join(dir, name))
  await writeFile(file, bytes)
  const [narrow] = await (await openStore(sets)).complete(
    async () => [],
    () => {},
  )
  t.deepEqual([...narrow!.read([0])], [1, 2, 3])
  const { fields } = t.throws(() => narrow!.read([0, 1]), { instanceOf: UserError }) as UserError
  t.like(fields, { where: `${file}, row 1`, got: 'NaN' })
  const gone = t.throws(() => readers[0]!.read([0]), { instanceOf: UserError }) as UserError
  t.regex(gone.fields.where, /narrow-00000-/)
})
