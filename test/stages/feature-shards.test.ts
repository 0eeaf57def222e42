import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { openCorpus } from '../../corpora/open.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import { featuresOfCorpus } from '../../stages/features.ts'
import { featuresSettings } from '../../stages/settings/features.ts'
import { prepareData } from '../../training/data/prepare.ts'
import { loadTrainingSet } from '../../training/data/training-set.ts'
import { teacherFeatures } from '../../training/teachers/features.ts'
import { imageShards } from '../../training/teachers/image-shards.ts'
import { throwsUserError } from '../user-error.ts'
import { featurePlace } from './feature-place.ts'

/** 24 pictures × 45 versions: shards of 512, 512 and 56 rows, whose edges lie within a picture; and one of texts. */
const variants = 45

test('parts, in any order, are the bytes of one process, and those that stage 1 makes of decoded pixels', async (t) => {
  const { dir, asked, files } = await featurePlace(t, variants)
  await featuresOfCorpus(asked('whole'))
  const whole = await files('whole')
  const names = Object.keys(whole).map((name) => name.replace(/^features-(\w+)-[0-9a-f]{16}\/(.*?)(-[0-9a-f]{8})?\.(\w+)$/, '$1 $2'))
  t.deepEqual(names, [
    ...['image augmentation-00000', 'image augmentation-00001', 'image augmentation-00002'],
    ...['image image-00000', 'image image-00001', 'image image-00002', 'image index', 'text index', 'text text-00000'],
  ])
  for (const index of [2, 0, 1]) await featuresOfCorpus(asked('parts', { shard: `${index}/3` }))
  t.deepEqual(await files('parts'), whole)

  const { corpus } = await openCorpus(join(dir, 'classes.csv'))
  const teacher = await openOnnxFolder(join(dir, 'first'), { threads: 1 })
  t.teardown(() => teacher.release())
  const cacheDir = join(dir, 'decoded')
  const { set, pixels } = await prepareData(corpus, ['de', 'fr'], teacher, cacheDir)
  t.teardown(() => pixels.close())
  const { augmentation: name, strength, seed, targets } = asked('decoded')
  await teacherFeatures(teacher, set, pixels, { cacheDir, variants, targets, seed, policy: { name, strength } })
  t.deepEqual(await files('decoded'), whole)
})

test('a part computes its shards and no others; the whole then computes what lacks or is damaged', async (t) => {
  const { dir, asked, files } = await featurePlace(t, variants)
  const numbers = async (kind: string) => Object.keys(await files('cache')).flatMap((name) => new RegExp(`/${kind}-(\\d+)-`).exec(name)?.[1] ?? [])
  await featuresOfCorpus(asked('cache', { shard: '1/4' }))
  t.deepEqual([await numbers('image'), await numbers('text')], [['00001'], []])
  const before = await files('cache')
  const damaged = Object.keys(before).find((name) => name.includes('/image-00001'))!
  const bytes = await readFile(join(dir, 'cache', damaged))
  bytes[bytes.length - 3]! ^= 1
  await writeFile(join(dir, 'cache', damaged), bytes)
  t.deepEqual(await featuresOfCorpus(asked('cache')), { images: 24 * variants, texts: 48, megabytes: ((24 * variants + 48) * 2 * 16) / 1e6 })
  t.deepEqual([await numbers('image'), await numbers('text')], [['00000', '00001', '00002'], ['00000']])
  t.is((await files('cache'))[damaged], before[damaged])
})

test('rows that fail three times are named; the others are there, and the run ends well without them when told to', async (t) => {
  const { dir, asked, files } = await featurePlace(t, variants)
  await writeFile(join(dir, '23.png'), 'no picture') // in the last shard alone: its rows are 1035 to 1079
  const asking = () => featuresOfCorpus(asked('cache'))
  await throwsUserError(t, asking, {
    where: /^features of .*classes\.csv$/,
    got: /^none of rows 1024 to 1079 of images \(image .*23\.png: expected a PNG/,
    hint: /--skip-failed/,
  })
  const numbers = Object.keys(await files('cache')).flatMap((name) => /\/((?:image|text)-\d+)-/.exec(name)?.[1] ?? [])
  t.deepEqual(numbers, ['image-00000', 'image-00001', 'text-00000'])
  await t.notThrowsAsync(featuresOfCorpus(asked('cache', { skipFailed: true })))
})

test('a shard whose teacher fails half way is right at the next try', async (t) => {
  const { dir, asked, files } = await featurePlace(t, variants)
  const { corpus } = await openCorpus(join(dir, 'classes.csv'))
  const { images } = await loadTrainingSet(corpus, 'train', ['de', 'fr'])
  const teacher = await openOnnxFolder(join(dir, 'first'), { threads: 1 })
  t.teardown(() => teacher.release())
  let calls = 0
  const failing = {
    ...teacher,
    encodeImages: async (pixels: Float32Array, count: number) => {
      if (++calls === 2) throw new Error('out of memory')
      return teacher.encodeImages(pixels, count)
    },
  }
  const { augmentation: name, strength, seed, targets } = asked('one')
  const of = (cacheDir: string) => ({ cacheDir: join(dir, cacheDir), variants, targets, seed, policy: { name, strength } })
  const [whole, broken] = [imageShards(teacher, images, of('one')), imageShards(failing, images, of('two'))]
  t.teardown(whole.close)
  t.teardown(broken.close)
  await whole.compute(0)
  await t.throwsAsync(broken.compute(0), { message: 'out of memory' })
  await broken.compute(0)
  t.deepEqual(await files('two'), await files('one'))
})

for (const [shard, expected] of [
  ['8/8', '0/8 to 7/8'],
  ['-1/8', 'i/n with i from 0 to n - 1'],
  ['0/0', 'i/n with i from 0 to n - 1'],
  ['1', 'i/n with i from 0 to n - 1'],
  ['1.5/3', 'i/n with i from 0 to n - 1'],
] as const) {
  test(`refused before anything is opened: --shard ${shard}`, async (t) => {
    const asked = featuresSettings.parse({ corpus: 'not-there.csv', teacher: 'neither', shard })
    await throwsUserError(t, () => featuresOfCorpus(asked), { where: '--shard', expected, got: shard })
  })
}
