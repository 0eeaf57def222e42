import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { random } from '../../../base/random.ts'
import { type Augmentation, drawAugmentation } from '../../../corpora/augment.ts'
import { buildPixelCache } from '../../../corpora/pixel-cache.ts'
import { writeModelFolder } from '../../../models/folder.ts'
import { textLengthOf } from '../../../training/data/text-length.ts'
import type { TrainingSet } from '../../../training/data/training-set.ts'
import { innerFeatures } from '../../../training/teachers/inner-features.ts'
import { openInnerTeacher } from '../../../training/teachers/inner-teacher.ts'
import { close } from '../../engine/oracle.ts'
import { smallModel } from '../../export/small-model.ts'
import { pictures } from '../../stages/pictures.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { throwsUserError } from '../../user-error.ts'

const variants = 2
const halfPrecision = 2e-3 // of numbers up to about 2

async function material(t: ExecutionContext) {
  const { model, tokenizer, tokenizerDir } = await smallModel(t)
  const dir = await temporaryFolder(t)
  await writeModelFolder(dir, model, tokenizerDir)
  const teacher = await openInnerTeacher(dir, ['image', 'text'], { threads: 1 })
  t.teardown(() => teacher.release())
  const { pixels, set, cacheDir, augmented } = await pictures(t)
  const augmentation = (image: number, epoch: number): Augmentation =>
    epoch % variants === 0 ? {} : drawAugmentation(random(3, image), { name: 'style', strength: 1 })
  const { config } = model
  const options = { cacheDir, variants, augmentation, tokenizer, config }
  const make = (objectives: string[], changes: Partial<typeof options> = {}, otherSet: TrainingSet = set, seen = teacher, drawn = pixels) =>
    innerFeatures(seen, Object.fromEntries(objectives.map((name) => [name, 1])), { set: otherSet, pixels: drawn }, { ...options, ...changes })
  const textLength = textLengthOf({ set, tokenizer, config })
  const words = (texts: Uint32Array) => {
    const some = Array.from(texts, (text) => set.texts[text]!)
    return tokenizer.encodeBatch(some, textLength)
  }
  const layers = async () => (await readdir(cacheDir)).filter((name) => name.startsWith('layers-')).sort()
  return {
    teacher,
    set,
    pixels,
    cacheDir,
    make,
    words,
    layers,
    augmentation,
    images: (of: Uint32Array, epoch: number) => augmented(of, epoch, { augmentation }),
  }
}

const lastLayer = ['hidden', 'attention'] as const

test('what is stored is what the teacher shows at that moment', async (t) => {
  const { teacher, make, words, images } = await material(t)
  const stored = await make(['hidden', 'attention'])
  const some = Uint32Array.of(4, 0, 2)
  const { inputIds, attentionMask } = words(some)
  for (const epoch of [0, 1, 2]) {
    const pixels = images(some, epoch)
    const [got, want] = [await stored.images(some, epoch, new Float32Array()), await teacher.images(pixels, some.length, lastLayer)]
    close(t, got.hidden!, want.hidden!, halfPrecision, `hidden, epoch ${epoch}`)
    close(t, got.attention!, want.attention!, halfPrecision, `attention, epoch ${epoch}`)
  }
  const [first, second] = [await stored.images(some, 0, new Float32Array()), await stored.images(some, 1, new Float32Array())]
  t.notDeepEqual(first.hidden, second.hidden, 'another augmentation shows something else')
  const [got, want] = [await stored.texts(some, inputIds, attentionMask), await teacher.texts(inputIds, attentionMask, some.length, lastLayer)]
  close(t, got.hidden!, want.hidden!, halfPrecision, 'hidden of texts')
  close(t, got.attention!, want.attention!, halfPrecision, 'attention of texts')
})

test('only what objectives compare is stored; without stored augmentations the teacher runs', async (t) => {
  const { teacher, cacheDir, make, layers, words, images } = await material(t)
  const some = Uint32Array.of(1)
  const { inputIds, attentionMask } = words(some)
  const running = await make(['hidden', 'attention'], { variants: 0 })
  t.deepEqual(await layers(), [])
  t.deepEqual(await running.images(some, 1, images(some, 1)), await teacher.images(images(some, 1), 1, lastLayer))
  t.deepEqual(await running.texts(some, inputIds, attentionMask), await teacher.texts(inputIds, attentionMask, 1, lastLayer))
  await make(['hidden-text'])
  const [text] = await layers()
  const kinds = async () => (await readdir(join(cacheDir, text!))).map((name) => name.split('-')[0]).sort()
  t.deepEqual(await kinds(), ['hidden', 'index.json'])
  await make(['attention'])
  t.is((await layers()).length, 2, 'one folder a tower')
  t.deepEqual(await kinds(), ['attention', 'hidden', 'index.json'])
})

test('other augmentations, pictures, texts and teachers never meet old layers', async (t) => {
  const { teacher, set, pixels, cacheDir, make, layers } = await material(t)
  await make(['hidden'])
  await make(['hidden'])
  t.is((await layers()).length, 2)
  await make(['hidden-image'], { augmentation: () => ({}) })
  await make(['hidden-image'], { variants: 1 })
  await make(['hidden-text'], {}, { ...set, texts: [...set.texts.slice(1), 'new'] })
  await make(['hidden-text'], {}, set, { ...teacher, id: 'another' })
  t.is((await layers()).length, 6)
  const changed = set.images.map((image) => ({ ...image, fingerprint: 'another content' }))
  const drawn = await buildPixelCache(changed, { dir: cacheDir, size: pixels.size })
  t.teardown(() => drawn.close())
  await make(['hidden-image'], {}, set, teacher, drawn)
  t.is((await layers()).length, 7)
})

test('refuses layers of something else, and a disk without room', async (t) => {
  const { teacher, cacheDir, make, layers } = await material(t)
  await make(['hidden-text'])
  const index = join(cacheDir, (await layers())[0]!, 'index.json')
  await writeFile(index, (await readFile(index, 'utf8')).replace('"rows": 5', '"rows": 6'))
  await throwsUserError(t, () => make(['hidden-text']), { where: /index\.json/, expected: 'rows 5', got: '6' })
  const wide = { ...teacher, shapes: { ...teacher.shapes, image: { ...teacher.shapes.image!, width: 1e14 } } }
  await throwsUserError(t, () => make(['hidden-image'], {}, undefined, wide), {
    where: /layers-image-/,
    expected: /of free space/,
    hint: /--variants 0/,
  })
})
