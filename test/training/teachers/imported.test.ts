import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'
import test from 'ava'
import { parquetWriteFile } from 'hyparquet-writer'
import { npzArrays } from '../../../engine/npz.ts'
import { importedFeatures } from '../../../training/teachers/imported/features.ts'
import { openImported } from '../../../training/teachers/imported/open.ts'
import { rowsOfImages } from '../../../training/teachers/imported/rows.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { throwsUserError } from '../../user-error.ts'

/** A .npy file as NumPy's format 1.0 lays it out (numpy.lib.format). */
function npy(kind: 'f4' | 'f8', shape: string, numbers: readonly number[]): Buffer {
  const head = `{'descr': '<${kind}', 'fortran_order': False, 'shape': (${shape}), }`
  const header = `${head.padEnd(117)}\n`
  const values = kind === 'f4' ? Float32Array.from(numbers) : Float64Array.from(numbers)
  return Buffer.concat([Buffer.from([0x93, 78, 85, 77, 80, 89, 1, 0, 118, 0]), Buffer.from(header), Buffer.from(values.buffer)])
}

/** A zip of one file as numpy writes it, with its extra field of sizes in 64 bits in the local header alone. */
function npz(name: string, content: Buffer, compressed = false): Buffer {
  const packed = compressed ? deflateRawSync(content) : content
  const method = compressed ? 8 : 0
  const local = Buffer.alloc(30)
  local.writeUInt32LE(0x04034b50, 0)
  local.writeUInt16LE(method, 8)
  local.writeUInt32LE(crc32(content), 14)
  local.writeUInt32LE(0xffffffff, 18)
  local.writeUInt32LE(0xffffffff, 22)
  local.writeUInt16LE(name.length, 26)
  local.writeUInt16LE(20, 28)
  const extra = Buffer.alloc(20)
  extra.writeUInt16LE(1, 0)
  extra.writeUInt16LE(16, 2)
  extra.writeBigUInt64LE(BigInt(content.length), 4)
  extra.writeBigUInt64LE(BigInt(packed.length), 12)
  const before = Buffer.concat([local, Buffer.from(name), extra, packed])
  const entry = Buffer.alloc(46)
  entry.writeUInt32LE(0x02014b50, 0)
  entry.writeUInt16LE(method, 10)
  entry.writeUInt32LE(crc32(content), 16)
  entry.writeUInt32LE(packed.length, 20)
  entry.writeUInt32LE(content.length, 24)
  entry.writeUInt16LE(name.length, 28)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(46 + name.length, 12)
  end.writeUInt32LE(before.length, 16)
  return Buffer.concat([before, entry, Buffer.from(name), end])
}

/** A POSIX tar. */
function tar(files: Record<string, Buffer>): Buffer {
  const parts: Buffer[] = []
  for (const [name, content] of Object.entries(files)) {
    const header = Buffer.alloc(512)
    header.write(name, 0)
    header.write(`${content.length.toString(8).padStart(11, '0')} `, 124)
    header.write('        0', 148)
    header.write('ustar\u000000', 257)
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    parts.push(header, content, Buffer.alloc(-content.length & 511))
  }
  return Buffer.concat([...parts, Buffer.alloc(1024)])
}

const images = (...keys: string[]) => keys.map((key) => ({ key, read: async () => new Uint8Array() }))
const options = (cacheDir: string) => ({ cacheDir, variants: 1, seed: 0, policy: { name: 'none', strength: 1 } as const })

/** Of a Float32Array, rounded to what float16 keeps of numbers below 1. */
const rounded = (values: Float32Array) => Array.from(values, (value) => Math.round(value * 1000) / 1000)

test('.npy and ids: rows by the names of images, as unit vectors', async (t) => {
  const dir = await temporaryFolder(t)
  await writeFile(join(dir, 'a.npy'), npy('f4', '2, 2', [3, 4, 0, -2]))
  await writeFile(join(dir, 'a.txt'), 'p/one.jpg\np/two.jpg\n')
  await writeFile(join(dir, 'b.npy'), npy('f8', '1, 2', [8, 6]))
  await writeFile(join(dir, 'b.txt'), 'p/three.jpg')
  const imported = await openImported(dir, 2)
  t.deepEqual(imported.ids, ['p/one.jpg', 'p/two.jpg', 'p/three.jpg'])
  const cache = join(dir, 'cache')
  const features = await importedFeatures(imported, images('three.png', 'one.png', 'two.png'), options(cache))
  t.deepEqual(rounded(await features.images(Uint32Array.of(2, 0, 1), 0)), [0, -1, 0.8, 0.6, 0.6, 0.8])
  t.deepEqual(rounded(features.plainImages(Uint32Array.of(1))), [0.6, 0.8])
  await importedFeatures(imported, images('p/one.jpg'), options(cache))
  t.is((await readdir(cache)).length, 2) // one of each list of images
})

test('clip-retrieval: img_emb and metadata', async (t) => {
  const dir = await temporaryFolder(t)
  for (const folder of ['img_emb', 'metadata']) await mkdir(join(dir, folder))
  for (const [number, ids] of [
    ['0', ['/data/one.jpg', '/data/two.jpg']],
    ['1', ['/data/three.jpg']],
  ] as const) {
    await writeFile(join(dir, 'img_emb', `img_emb_${number}.npy`), npy('f4', `${ids.length}, 2`, number === '0' ? [1, 0, 0, 1] : [0.6, 0.8]))
    const captions = { name: 'caption', data: ids.map((id) => `of ${id}`), type: 'STRING' as const }
    const columnData = [{ name: 'image_path', data: [...ids], type: 'STRING' as const }, captions]
    parquetWriteFile({ filename: join(dir, 'metadata', `metadata_${number}.parquet`), columnData })
  }
  const features = await importedFeatures(await openImported(dir, 2), images('three.jpg', 'two.jpg'), options(join(dir, 'cache')))
  t.deepEqual(rounded(features.plainImages(Uint32Array.of(0, 1))), [0.6, 0.8, 0, 1])
  await writeFile(join(dir, 'metadata', 'metadata_1.parquet'), 'nothing')
  await throwsUserError(t, () => openImported(dir, 2), { where: join(dir, 'metadata', 'metadata_1.parquet'), expected: /image_path/ })
})

test('WebDataset sidecars: .npz beside the images, compressed or not', async (t) => {
  const dir = await temporaryFolder(t)
  const files = {
    'one.jpg': Buffer.from('a picture'),
    'one.npz': npz('image_emb.npy', npy('f4', '2,', [3, 4])),
    'two.npz': npz('image_emb.npy', npy('f4', '1, 2', [0, 5]), true),
  }
  await writeFile(join(dir, '00000.tar'), tar(files))
  const imported = await openImported(dir, 2)
  const features = await importedFeatures(imported, images('00000.tar/two.jpg', '00000.tar/one.jpg'), options(join(dir, 'cache')))
  t.deepEqual(rounded(features.plainImages(Uint32Array.of(0, 1))), [0, 1, 0.6, 0.8])
})

test('refuses folders that hold no features', async (t) => {
  const dir = await temporaryFolder(t)
  const where = `--features ${dir}`
  await throwsUserError(t, () => openImported(join(dir, 'nowhere'), 2), { got: /ENOENT/ })
  await throwsUserError(t, () => openImported(dir, 2), { where, got: 'an empty folder' })
  await writeFile(join(dir, 'a.npy'), npy('f4', '2, 2', [1, 2, 3, 4]))
  await throwsUserError(t, () => openImported(dir, 2), { where: join(dir, 'a.txt'), expected: 'an id a line' })
  await writeFile(join(dir, 'a.tar'), tar({ 'one.jpg': Buffer.from('a picture') }))
  await throwsUserError(t, () => openImported(dir, 2), { where, expected: 'KEY.npz in its tars', got: 'none' })
})

test('refuses other numbers of rows, other widths, files cut short, and another order or kind of numbers', async (t) => {
  const dir = await temporaryFolder(t)
  const where = join(dir, 'a.npy')
  const write = (bytes: Buffer) => writeFile(where, bytes)
  await writeFile(join(dir, 'a.txt'), 'one\ntwo\nthree\n')
  const whole = npy('f4', '2, 2', [1, 2, 3, 4])
  await write(whole)
  await throwsUserError(t, () => openImported(dir, 2), { where, expected: /^3 rows, as .*a\.txt has ids$/, got: '2' })
  await writeFile(join(dir, 'a.txt'), 'one\ntwo\n')
  await throwsUserError(t, () => openImported(dir, 3), { where: `--features ${dir}`, expected: 'rows of 3 numbers, as the teacher embeds', got: '2' })
  for (const [bytes, got] of [
    [whole.subarray(0, -1), /'shape': \(2, 2\)/],
    [Buffer.from(whole.toString('latin1').replace('<f4', '<i4'), 'latin1'), /<i4/],
    [Buffer.from(whole.toString('latin1').replace('False', 'True '), 'latin1'), /True/],
    [Buffer.from('no matrix'), /^9 bytes$/],
  ] as const) {
    await write(bytes)
    await throwsUserError(t, () => openImported(dir, 2), { where, expected: /complete \.npy matrix/, got })
  }
  await write(whole)
  await writeFile(join(dir, 'b.txt'), 'three\n')
  await writeFile(join(dir, 'b.npy'), npy('f4', '1, 3', [1, 2, 3]))
  await throwsUserError(t, () => openImported(dir, 2), { where: join(dir, 'b.npy'), expected: /^rows of 2 numbers/, got: '3' })
})

test('refuses ids that lack and ids that are there twice', async (t) => {
  const rows = (...ids: string[]) => ({ folder: 'F', id: 'x', width: 1, ids, read: async () => new Float32Array() })
  t.deepEqual([...rowsOfImages(rows('b/1.jpg', 'a/1.jpg'), images('a/1.jpg', 'b/1.jpg'))], [1, 0]) // names alone would not tell them apart
  t.deepEqual([...rowsOfImages(rows('a/1.png', 'a/2.png'), images('a/2.jpg'))], [1])
  const lacking = await throwsUserError(t, () => rowsOfImages(rows('a', 'b'), images('b', 'c', 'd')), { where: '--features F' })
  t.regex(lacking.fields.got, /^none for 2 of them .*: c, d; an id of the files is a$/)
  await throwsUserError(t, () => rowsOfImages(rows('a', 'b', 'a'), images('a')), { expected: 'one row for an image', got: 'rows 0 and 2: a and a' })
})

for (const [number, got] of [
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, 'an infinite one'],
  [0, 'zeros'],
] as const) {
  test(`refuses a row without direction: ${got}`, async (t) => {
    const dir = await temporaryFolder(t)
    await writeFile(join(dir, 'a.npy'), npy('f4', '2, 2', [1, 0, number, 0]))
    await writeFile(join(dir, 'a.txt'), 'one\ntwo\n')
    const imported = await openImported(dir, 2)
    const run = () => importedFeatures(imported, images('two', 'one'), options(join(dir, 'cache')))
    await throwsUserError(t, run, { where: `--features ${dir}, row of two`, expected: /finite/, got })
  })
}

test('refuses a damaged .npz', async (t) => {
  const whole = npz('image_emb.npy', npy('f4', '2,', [3, 4]))
  t.deepEqual([...npzArrays(whole, 'x').keys()], ['image_emb'])
  for (const bytes of [whole.subarray(0, -1), whole.subarray(40), Buffer.alloc(3)])
    await throwsUserError(t, () => npzArrays(bytes, 'x.npz'), { where: 'x.npz', expected: 'a whole .npz file' })
})
