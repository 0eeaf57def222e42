import { readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import test from 'ava'
import sharp from 'sharp'
import { UserError } from '../../base/errors.ts'
import { decodeImage } from '../../corpora/images.ts'
import { buildPixelCache } from '../../corpora/pixel-cache.ts'
import type { ImageSource } from '../../corpora/sample.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'

const colours = ['#f00', '#0f0', '#00f', '#ff0', '#0ff', '#f0f', '#888']
let reads = 0
const sources = (fingerprint?: string): ImageSource[] =>
  colours.map((background, i) => ({
    key: `colour-${i}`,
    fingerprint,
    read: () => {
      reads++
      return sharp({ create: { width: 20 + i, height: 20, channels: 3, background } })
        .png()
        .toBuffer()
    },
  }))

test.serial('images are read back in the order of their sources', async (t) => {
  const dir = await temporaryFolder(t)
  const cache = await buildPixelCache(sources(), { dir, size: 8, fit: 'photo' })
  t.teardown(cache.close)
  t.is(cache.count, 7)
  t.deepEqual(
    cache.keys,
    sources().map(({ key }) => key),
  )
  const into = new Uint8Array(8 * 8 * 4)
  for (const i of [6, 0, 3]) {
    const expected = Uint8Array.from(await decodeImage(sources()[i]!, 8, 'photo'))
    t.deepEqual(cache.read(i), expected)
    t.is(cache.read(i, into), into)
    t.deepEqual(into, expected)
  }
  t.throws(() => cache.read(7), { instanceOf: RangeError })
  t.throws(() => cache.read(-1), { instanceOf: RangeError })
  t.deepEqual((await readdir(dir)).map((name) => name.split('.').at(-1)).sort(), ['json', 'rgba'])
})

test.serial('a matching cache is reused, another size, fit, order or fingerprint makes a new one', async (t) => {
  const dir = await temporaryFolder(t)
  const files = new Set<string>()
  const build = async (list: ImageSource[], size: number, fit: 'photo' | 'drawing') => {
    reads = 0
    const cache = await buildPixelCache(list, { dir, size, fit, concurrency: 2 })
    cache.close()
    files.add(cache.file)
    return reads
  }
  t.is(await build(sources(), 8, 'photo'), 7)
  t.is(await build(sources(), 8, 'photo'), 0)
  t.is(await build(sources(), 9, 'photo'), 7)
  t.is(await build(sources(), 8, 'drawing'), 7)
  t.is(await build(sources().reverse(), 8, 'photo'), 7)
  t.is(await build(sources('1 kB, monday'), 8, 'photo'), 7)
  t.is(await build(sources('1 kB, monday'), 8, 'photo'), 0)
  t.is(await build(sources('1 kB, tuesday'), 8, 'photo'), 7)
  t.is(await build(sources(), 8, 'photo'), 0)
  t.is(files.size, 6)
})

test.serial('a damaged sidecar or a short file is built again', async (t) => {
  const dir = await temporaryFolder(t)
  const build = async () => {
    reads = 0
    const cache = await buildPixelCache(sources(), { dir, size: 8, fit: 'photo' })
    const pixels = cache.read(6)
    cache.close()
    return { file: cache.file, sidecar: cache.file.replace('.rgba', '.json'), pixels }
  }
  const { file, sidecar, pixels } = await build()
  const good = await readFile(sidecar, 'utf8')
  for (const bad of ['{"version": 1', '{}', good.replace('colour-3', 'colour-x'), good.replace('"version":2', '"version":1')]) {
    await writeFile(sidecar, bad)
    t.deepEqual((await build()).pixels, pixels)
    t.is(reads, 7)
    t.is(await readFile(sidecar, 'utf8'), good)
  }
  await truncate(file, 100)
  t.deepEqual((await build()).pixels, pixels)
  t.is(reads, 7)
})

test.serial('a flipped byte: that image is decoded again, and no other', async (t) => {
  const dir = await temporaryFolder(t)
  const build = async () => {
    reads = 0
    const cache = await buildPixelCache(sources(), { dir, size: 8, fit: 'photo' })
    cache.close()
    return { file: cache.file, bytes: await readFile(cache.file) }
  }
  const { file, bytes } = await build()
  for (const at of [0, 3 * 256 + 17, bytes.length - 1]) {
    const flipped = Uint8Array.from(bytes)
    flipped[at]! ^= 1
    await writeFile(file, flipped)
    t.deepEqual((await build()).bytes, bytes)
    t.is(reads, 1, `${at}`)
    t.deepEqual((await build()).bytes, bytes)
    t.is(reads, 0, 'it is whole again')
  }
})

test.serial('a broken image fails by name and leaves nothing half-written', async (t) => {
  const dir = await temporaryFolder(t)
  const broken = sources().with(4, { key: 'broken.png', read: async () => Buffer.from('no') })
  await throwsUserError(t, () => buildPixelCache(broken, { dir, size: 8 }), { where: 'image broken.png' })
  t.deepEqual(await readdir(dir), [])
  await t.throwsAsync(buildPixelCache([], { dir, size: 8 }), { instanceOf: UserError })

  const many = Array.from({ length: 13 }, (_, i) => ({ key: `bad-${10 + i}.png`, read: async () => Buffer.from(i % 2 ? 'no' : '') }))
  await throwsUserError(t, () => buildPixelCache([...sources(), ...many], { dir, size: 8 }), {
    where: '13 of 20 images',
    got: /^bad-10\.png \(an empty file\); bad-11\.png \(2 bytes that fail .*; bad-19\.png .*; and 3 more$/,
  })
  t.deepEqual(await readdir(dir), [])
})
