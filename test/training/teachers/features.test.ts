import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { UserError } from '../../../base/errors.ts'
import { teacherFeatures } from '../../../training/teachers/features.ts'
import type { FeatureOptions } from '../../../training/teachers/image-rows.ts'
import { leastCosine, smallModel } from '../../export/small-model.ts'
import { count, pictures } from '../../stages/pictures.ts'

const [dim, variants] = [64, 3]

/** Five pictures, a teacher, and its features of three versions of each. */
async function material(t: ExecutionContext) {
  const { encoder } = await smallModel(t)
  const { pixels, set, cacheDir, augmented } = await pictures(t)
  const options: FeatureOptions = { cacheDir, variants, policy: { name: 'style', strength: 1 }, seed: 3, targets: 'augmented' }
  const make = (changes: Partial<FeatureOptions> = {}, of = set, place: Partial<typeof pixels> = {}) =>
    teacherFeatures(encoder, of, { ...pixels, ...place }, { ...options, ...changes })
  return { encoder, set, cacheDir, augmented, make }
}

/** The one folder of features of a kind that there is. */
async function folderOf(cacheDir: string, kind: 'image' | 'text'): Promise<string> {
  return join(cacheDir, (await readdir(cacheDir)).find((name) => name.startsWith(`features-${kind}-`))!)
}

async function fileOf(dir: string, start: string): Promise<string> {
  return join(dir, (await readdir(dir)).find((name) => name.startsWith(start))!)
}

const all = Uint32Array.from({ length: count }, (_, i) => i)
const unused = new Float32Array()

test('the student gets the very images that the features are of', async (t) => {
  const { encoder, augmented, make } = await material(t)
  for (const features of [await make(), await make()]) {
    for (let epoch = 0; epoch < variants; epoch++) {
      const seen = await encoder.encodeImages(augmented(all, epoch, features), count)
      t.true(
        leastCosine(await features.images(all, epoch, unused), seen, dim) > 0.9999,
        `epoch ${epoch}: ${leastCosine(await features.images(all, epoch, unused), seen, dim)}`,
      )
    }
    t.deepEqual(features.augmentation(0, 0), {}, 'version 0 is the plain image')
    t.notDeepEqual(features.augmentation(0, 1), features.augmentation(0, 2))
    t.deepEqual(features.augmentation(0, 1), features.augmentation(0, 1 + variants), 'versions come round again')
  }
})

test('the feature of another version of an image is another feature', async (t) => {
  const { make } = await material(t)
  const features = await make()
  const [plain, varied] = [await features.images(all, 0, unused), await features.images(all, 1, unused)]
  t.true(leastCosine(plain, varied, dim) < 0.999)
})

test('plain targets: one feature an image, whatever the student sees of it', async (t) => {
  const { encoder, augmented, make } = await material(t)
  const [features, consistent] = [await make({ targets: 'plain' }), await make()]
  const plain = await features.images(all, 0, unused)
  for (let epoch = 0; epoch < 5; epoch++) t.deepEqual(await features.images(all, epoch, unused), plain)
  t.deepEqual(features.plainImages!(all), plain)
  t.deepEqual(plain, consistent.plainImages!(all), 'version 0 is the plain image')
  const asTheyAre = await encoder.encodeImages(augmented(all, 0, { augmentation: () => ({}) }), count)
  t.true(leastCosine(plain, asTheyAre, dim) > 0.9999)
  const seen = [0, 1, 2, 3, 4, 5].map((epoch) => JSON.stringify(features.augmentation(0, epoch)))
  t.is(seen[0], '{}')
  t.is(seen[3], '{}', 'every third is the plain image')
  t.is(new Set(seen).size, 5, 'others are new in every epoch')
  t.deepEqual(features.augmentation(0, 1, { name: 'none', strength: 0 }), {}, 'by the policy of the step, for a ramp')
  t.notDeepEqual(consistent.augmentation(0, 1, { name: 'none', strength: 0 }), {}, 'what is stored is as it is')
})

test('what is stored is applied, not what would be drawn now', async (t) => {
  const { cacheDir, make } = await material(t)
  const before = (await make()).augmentation(2, 2)
  const dir = await folderOf(cacheDir, 'image')
  const lines = (await readFile(await fileOf(dir, 'augmentation-00000'), 'utf8')).trimEnd().split('\n')
  t.is(lines.length, count * variants)
  t.deepEqual(JSON.parse(lines[2 * variants + ((2 + 2) % variants)]!), before)
})

test('other augmentations, images and texts never meet old features; what did not change is not made again', async (t) => {
  const { set, cacheDir, make } = await material(t)
  const folders = async () => {
    const names = await readdir(cacheDir)
    return ['image', 'text'].map((kind) => names.filter((name) => name.startsWith(`features-${kind}-`)).length)
  }
  await make()
  await make()
  t.deepEqual(await folders(), [1, 1])
  await make({ seed: 4 })
  await make({ policy: { name: 'mild', strength: 1 } })
  await make({ variants: 2 })
  await make({ targets: 'plain' })
  t.deepEqual(await folders(), [5, 1])
  await make({}, { ...set, texts: [...set.texts.slice(1), 'new'] })
  t.deepEqual(await folders(), [5, 2])
})

test('the folder in which pixels lie is no part of what features are of, whatever its separators', async (t) => {
  const { cacheDir, make } = await material(t)
  await make()
  await make({}, undefined, { file: 'C:\\pictures\\pixels.rgba' })
  t.is((await readdir(cacheDir)).filter((name) => name.startsWith('features-image-')).length, 1)
})

test('damaged files are made again, with the same content', async (t) => {
  const { cacheDir, make } = await material(t)
  const before = await make()
  const expected = [await before.images(all, 1, unused), await before.texts(all), before.augmentation(1, 1)]
  for (const [kind, start] of [
    ['image', 'image-00000'],
    ['image', 'augmentation-00000'],
    ['text', 'text-00000'],
  ] as const) {
    const file = await fileOf(await folderOf(cacheDir, kind), start)
    const bytes = await readFile(file)
    bytes[bytes.length - 7]! ^= 2
    await writeFile(file, bytes)
  }
  const after = await make()
  t.deepEqual([await after.images(all, 1, unused), await after.texts(all), after.augmentation(1, 1)], expected)
})

const foreign: Record<string, [kind: 'image' | 'text', damage: (dir: string) => Promise<void>, fields: object]> = {
  'features that nothing says what they are of': [
    'image',
    (dir) => rm(join(dir, 'index.json')),
    { expected: 'what the files beside it are made of', got: 'no such file' },
  ],
  'features of another teacher': [
    'text',
    (dir) => change(join(dir, 'index.json'), (text) => text.replace('"teacher": "small"', '"teacher": "other"')),
    { expected: 'teacher small', got: 'other' },
  ],
  'features of another seed': [
    'image',
    (dir) => change(join(dir, 'index.json'), (text) => text.replace('"seed": 3', '"seed": 8')),
    { expected: 'seed 3', got: '8' },
  ],
}
for (const [title, [kind, damage, fields]] of Object.entries(foreign)) {
  test(`refuses: ${title}`, async (t) => {
    const { cacheDir, make } = await material(t)
    await make()
    const dir = await folderOf(cacheDir, kind)
    await damage(dir)
    const error = (await t.throwsAsync(make(), { instanceOf: UserError })) as UserError
    t.like(error.fields, { where: join(dir, 'index.json'), ...fields })
    await rm(dir, { recursive: true })
    await t.notThrowsAsync(make(), 'deleted, it is made anew')
  })
}

async function change(file: string, how: (text: string) => string): Promise<void> {
  const before = await readFile(file, 'utf8')
  const after = how(before)
  if (after === before) throw new Error(`${file}: nothing to change`)
  await writeFile(file, after)
}
