import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import sharp from 'sharp'
import { searchIndex } from '../../search/index/lookup.ts'
import { updateIndex } from '../../search/index/update.ts'
import { searchImages } from '../../search/search-folder.ts'
import { usualAlike } from '../../search/usual-alike.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const model = fileURLToPath(new URL('../../models/teachers/bridged', import.meta.url))
const drawings = join(dirname(createRequire(import.meta.url).resolve('@lobehub/fluent-emoji-3d/package.json')), 'assets')
/** Dog, bicycle, apple, house, ship, tree, guitar, clock, airplane, pizza, umbrella, camera. */
const shown = ['1f436', '1f6b2', '1f34e', '1f3e0', '1f6a2', '1f333', '1f3b8', '23f0', '2708-fe0f', '1f355', '2602-fe0f', '1f4f7']

/** Drawings as opaque pictures, and a smaller copy, a crop and a recompressed one of the first. */
async function writePictures(dir: string): Promise<void> {
  await mkdir(dir)
  for (const name of shown) {
    const drawing = sharp(join(drawings, `${name}.webp`)).flatten({ background: '#cde' })
    await drawing.extend({ ...{ top: 30, bottom: 30, left: 30, right: 30 }, background: '#cde' }).toFile(join(dir, `${name}.jpg`))
  }
  const dog = join(dir, `${shown[0]}.jpg`)
  const { width = 0, height = 0 } = await sharp(dog).metadata()
  await sharp(dog)
    .resize(Math.round(0.75 * width))
    .toFile(join(dir, 'smaller.jpg'))
  const [across, down] = [width, height].map((side) => Math.round(0.93 * side)) as [number, number]
  await sharp(dog)
    .extract({ left: width - across, top: 0, width: across, height: down })
    .toFile(join(dir, 'cropped.png'))
  await sharp(dog).webp({ quality: 50 }).toFile(join(dir, 'recompressed.webp'))
}

test('copies of a picture, smaller, cropped and recompressed, take one place, in a folder and in an index', async (t) => {
  t.timeout(900_000)
  const dir = await temporaryFolder(t)
  const [images, out] = [join(dir, 'images'), join(dir, 'pictures.index')]
  await writePictures(images)
  await updateIndex({ model, images, out })
  const request = { model, query: 'dog', top: 5 }
  const of = { folder: { ...request, images }, index: { ...request, index: out } }
  for (const { hits } of [await searchImages({ ...of.folder, alike: usualAlike }), await searchIndex({ ...of.index, alike: usualAlike })]) {
    t.is(hits.length, 5)
    const first = [hits[0]!, ...hits[0]!.alike].map(({ path }) => basename(path))
    t.deepEqual(first.toSorted(), [`${shown[0]}.jpg`, 'cropped.png', 'recompressed.webp', 'smaller.jpg'])
    t.deepEqual(
      hits.slice(1).map(({ alike }) => alike.length),
      [0, 0, 0, 0],
    )
    t.deepEqual(
      hits.map(({ rank }) => rank),
      [1, 2, 3, 4, 5],
    )
  }

  const like = join(images, 'cropped.png')
  for (const { hits } of [
    await searchImages({ ...of.folder, query: undefined, like, alike: usualAlike }),
    await searchIndex({ ...of.index, query: undefined, like, alike: usualAlike }),
  ]) {
    t.is(basename(hits[0]!.path), 'cropped.png')
    t.is(hits[0]!.alike.length, 3, 'the picture itself and its copies take one place')
    t.true(hits.slice(1).every(({ alike }) => alike.length === 0))
  }

  const every = await searchIndex({ ...of.index, alike: 1, top: 15 })
  t.is(every.hits.length, 15)
  t.true(every.hits.every(({ alike }) => alike.length === 0))
  const all = await searchIndex({ ...of.index, alike: usualAlike, top: 15 })
  t.is(all.hits.flatMap((hit) => [hit, ...hit.alike]).length, 15, 'every picture is reached')

  await updateIndex({ model, images, out, approximate: true })
  const byGraph = await searchIndex({ ...of.index, alike: usualAlike })
  t.is(byGraph.hits[0]!.alike.length, 3)
  t.truthy(byGraph.recall)
  t.is((await searchIndex({ ...of.index, top: 14, alike: usualAlike })).recall, undefined, 'the graph finds too few clusters: every image was scored')
})
