import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { UserError } from '../../../base/errors.ts'
import { encodeNpy } from '../../../engine/npy.ts'
import { type FeatureOptions, teacherFeatures } from '../../../training/teachers/features.ts'
import { leastCosine, smallModel } from '../../export/small-model.ts'
import { count, pictures } from '../../stages/pictures.ts'

const [dim, variants] = [64, 3]

/** Five pictures, a teacher, and its features of three versions of each. */
async function material(t: ExecutionContext) {
  const { encoder } = await smallModel(t)
  const { pixels, set, cacheDir, augmented } = await pictures(t)
  const options: FeatureOptions = { cacheDir, variants, policy: { name: 'style', strength: 1 }, seed: 3 }
  const make = (changes: Partial<FeatureOptions> = {}, of = set, place: Partial<typeof pixels> = {}) =>
    teacherFeatures(encoder, of, { ...pixels, ...place }, { ...options, ...changes })
  return { encoder, set, cacheDir, augmented, make }
}

/** The one folder of features there is. */
async function folderOf(cacheDir: string): Promise<string> {
  return join(cacheDir, (await readdir(cacheDir)).find((name) => name.startsWith('features-'))!)
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

test('what is stored is applied, not what would be drawn now', async (t) => {
  const { cacheDir, make } = await material(t)
  const before = (await make()).augmentation(2, 2)
  const dir = await folderOf(cacheDir)
  const lines = (await readFile(join(dir, 'augmentations.jsonl'), 'utf8')).trimEnd().split('\n')
  t.is(lines.length, count * variants)
  t.deepEqual(JSON.parse(lines[((2 + 2) % variants) * count + 2]!), before)
})

test('other augmentations, images and texts never meet old features', async (t) => {
  const { set, cacheDir, make } = await material(t)
  const folders = async () => (await readdir(cacheDir)).filter((name) => name.startsWith('features-')).length
  await make()
  await make()
  t.is(await folders(), 1)
  await make({ seed: 4 })
  await make({ policy: { name: 'mild', strength: 1 } })
  await make({ variants: 2 })
  await make({}, { ...set, texts: [...set.texts.slice(1), 'new'] })
  t.is(await folders(), 5)
})

test('the folder in which pixels lie is no part of what features are of, whatever its separators', async (t) => {
  const { cacheDir, make } = await material(t)
  await make()
  await make({}, undefined, { file: 'C:\\pictures\\pixels.rgba' })
  t.is((await readdir(cacheDir)).filter((name) => name.startsWith('features-')).length, 1)
})

const damages: Record<string, [(dir: string) => Promise<void>, RegExp]> = {
  'augmentations that are not those of the features': [
    (dir) => change(join(dir, 'augmentations.jsonl'), (text) => text.replace(/"blur":|"affine":/, '"was":')),
    /index\.json: expected augmentations [0-9a-f]{64}, got [0-9a-f]{64}\. These features belong to something else: delete the folder/,
  ],
  'augmentations that nothing says the features are of': [
    async (dir) => {
      await change(join(dir, 'augmentations.jsonl'), (text) => text.replace(/"blur":|"affine":/, '"was":'))
      await rm(join(dir, 'index.json'))
    },
    /index\.json: expected what the files beside it are made of, got no such file/,
  ],
  'too few augmentations': [
    (dir) => change(join(dir, 'augmentations.jsonl'), (text) => text.split('\n').slice(1).join('\n')),
    /expected 15 lines.*got 14/,
  ],
  'features of another teacher': [
    (dir) => change(join(dir, 'index.json'), (text) => text.replace('"teacher": "small"', '"teacher": "other"')),
    /expected teacher small, got other/,
  ],
  'features of another seed': [(dir) => change(join(dir, 'index.json'), (text) => text.replace('"seed": 3', '"seed": 8')), /expected seed 3, got 8/],
  'features of another width': [
    (dir) => writeFile(join(dir, 'image-00000.npy'), encodeNpy(new Float32Array(15 * 32), 32)),
    /image-00000\.npy: expected features \[15,64\], got \[15,32\]/,
  ],
  'half a file': [
    async (dir) => writeFile(join(dir, 'text-00000.npy'), (await readFile(join(dir, 'text-00000.npy'))).subarray(0, 300)),
    /text-00000\.npy: expected a complete \.npy matrix/,
  ],
}
for (const [title, [damage, message]] of Object.entries(damages)) {
  test(`refuses: ${title}`, async (t) => {
    const { cacheDir, make } = await material(t)
    await make()
    const dir = await folderOf(cacheDir)
    await damage(dir)
    await t.throwsAsync(make(), { instanceOf: UserError, message })
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
