import test from 'ava'
import { emojiClassifications, emojiClassLanguages } from '../../corpora/emoji/classes.ts'
import { emojiProtocols } from '../../corpora/emoji/protocols.ts'
import { classTemplates } from '../../corpora/emoji/templates.ts'
import { photoTemplates } from '../../corpora/photo-templates.ts'
import type { RetrievalTask } from '../../corpora/retrieval-task.ts'
import { classTasks } from '../../eval/class-tasks.ts'
import { zeroShotTemplates } from '../../eval/templates.ts'
import { classEmbeddings, classifyZeroShot, type ZeroShotTask, zeroShot, zeroShotPrompts } from '../../eval/zero-shot.ts'
import { type Expected, throwsUserError } from '../user-error.ts'

const task = (classes: number, labels: number[]): ZeroShotTask => ({
  corpus: 'c',
  protocol: 'p',
  language: 'en',
  kind: 'shapes',
  classes: Array.from({ length: classes }, (_, i) => `class ${i}`),
  labels,
})

test('prompts: class after class, template by template', (t) => {
  t.deepEqual(zeroShotPrompts(['dog', '$&'], ['a {}', '{}']), ['a dog', 'dog', 'a $&', '$&'])
})

test('a class is the mean of its normalised templates, normalised', async (t) => {
  // Class 0: (3, 4)/5 and (0, 1): mean (.3, .9). Lengths of the prompts do not matter. Class 1: (1, 0) twice.
  const [a, b, c, d] = classEmbeddings(Float32Array.of(30, 40, 0, 2, 1, 0, 7, 0), 2, 2)
  const norm = Math.hypot(0.3, 0.9)
  t.true(Math.abs(a! - 0.3 / norm) < 1e-6 && Math.abs(b! - 0.9 / norm) < 1e-6)
  t.deepEqual([c, d], [1, 0])
  await throwsUserError(t, () => classEmbeddings(Float32Array.of(1, 2, 3), 2, 2), { where: /zero-shot prompts/ })
})

test('accuracies and confusion worked out by hand', (t) => {
  // Classes on the axes of 6 dimensions. Images of class 0: on axis 0 (right), on axis 1 (second), tied between axes 0 and 2.
  // Image of class 1: on axis 1. Of class 5: all other axes are nearer. Class 3 has no image and does not enter the mean per class.
  const classes = new Float32Array(36)
  for (let c = 0; c < 6; c++) classes[c * 7] = 2
  const images = Float32Array.from(
    [
      [1, 0, 0, 0, 0, 0],
      [0.5, 1, 0, 0, 0, 0],
      [1, 0, 1, 0, 0, 0],
      [0, 1, 0, 0, 0, 0],
      [5, 5, 5, 5, 9, 1],
    ].flat(),
  )
  const result = classifyZeroShot(task(6, [0, 0, 0, 1, 5]), images, classes)
  t.deepEqual([...result.ranks], [1, 2, 2, 1, 6])
  t.is(result.top1, 2 / 5)
  t.is(result.top5, 4 / 5)
  t.true(Math.abs(result.meanPerClass - (1 / 3 + 1 + 0) / 3) < 1e-12)
  const taken = (counts: Record<number, number>) => new Map(Object.entries(counts).map(([name, count]) => [Number(name), count]))
  t.deepEqual(result.confusion[0], taken({ 0: 1, 1: 1, 2: 1 }))
  t.deepEqual(result.confusion[1], taken({ 1: 1 }))
  t.deepEqual(result.confusion[5], taken({ 4: 1 }))
  t.deepEqual(result.confusion[3], taken({}))
})

test('from names to classes in one go, on some of the images', async (t) => {
  const asked: string[] = []
  const embedTexts = async (texts: string[]) => {
    asked.push(...texts)
    return Float32Array.from(texts.flatMap((text) => (text.includes('class 0') ? [3, 1] : [1, 3])))
  }
  const made = { ...task(2, [1, 0]), images: [2, 0] }
  const result = await zeroShot(made, ['a {}', '{}'], Float32Array.of(1, 0, 9, 9, 0, 1), embedTexts)
  t.deepEqual(asked, ['a class 0', 'class 0', 'a class 1', 'class 1'])
  t.deepEqual([result.top1, [...result.ranks]], [1, [1, 1]])
})

test('a model that gives one embedding to everything is never right', (t) => {
  const result = classifyZeroShot(task(3, [0, 1, 2]), new Float32Array(6).fill(1), new Float32Array(6).fill(1))
  t.is(result.top1, 0)
  t.deepEqual(
    result.confusion.map((row, i) => row.has(i)),
    [false, false, false],
  )
})

test('bad input is refused with the reason', async (t) => {
  const refuses = (run: () => unknown, expected: Expected) => throwsUserError(t, run, expected)
  await refuses(() => classifyZeroShot(task(1, [0]), Float32Array.of(1), Float32Array.of(1)), {
    where: /zero-shot shapes, p \(en\)/,
    expected: /at least two classes/,
  })
  await refuses(() => classifyZeroShot(task(2, [2]), Float32Array.of(1), Float32Array.of(1, 2)), { expected: /labels in 0…1/, got: '2' })
  await refuses(() => classifyZeroShot(task(2, [0]), Float32Array.of(1, 2), Float32Array.of(1, 2)), { got: /2 and 1/ })
  await refuses(() => classifyZeroShot(task(2, [0]), Float32Array.of(Number.NaN), Float32Array.of(1, 2)), { where: /images/, expected: /finite/ })
})

test('every language of the corpus has templates, each with a place for the name', (t) => {
  for (const table of [classTemplates, photoTemplates]) {
    for (const language of ['en', 'zh', 'ja', 'ko', 'de', 'fr', 'es', 'ru', 'ar', 'hi', 'vi', 'th', 'pt']) {
      const templates = zeroShotTemplates(language, table)
      t.true(templates.length >= 4 && templates.every((template) => template.split('{}').length === 2), language)
      t.is(new Set(templates).size, templates.length)
    }
  }
})

test('emoji groups and subgroups are classes in 28 languages, each with templates of its own', async (t) => {
  t.is(emojiClassLanguages().length, 28)
  for (const language of emojiClassLanguages()) t.true(zeroShotTemplates(language, classTemplates).length >= 4, language)
  const source = { key: '', read: async () => new Uint8Array() }
  const made: RetrievalTask = {
    corpus: 'emoji',
    protocol: 'p',
    language: 'zh',
    images: ['1f436', '1f3a4', '1f3d4', '1f431', '1f41f'].map((classId) => ({ id: classId, classId, source })),
    texts: ['狗脸', '麦克风', '雪山', '猫脸'],
    positives: [[0], [1], [2], [3]], // no text is about image 4: it is not asked for
  }
  const by = (task: RetrievalTask, kind: string) => classTasks(task, emojiClassifications()).find(({ task }) => task.kind === kind)?.task
  const groups = by(made, 'groups')!
  t.deepEqual(groups.images, [0, 1, 2, 3])
  t.deepEqual(
    groups.labels.map((label) => groups.classes[label]),
    ['野生动物', '物件', '旅遊地點', '野生动物'],
  )
  t.deepEqual(by({ ...made, language: 'uk' }, 'groups')!.classes, ['флора та фауна', "об'єкти", 'подорожі та місця'])
  t.deepEqual(by({ ...made, imageQueries: [0, 1, 3] }, 'subgroups')!.classes, ['哺乳類動物', '音乐'])
  t.is(by({ ...made, language: 'ar' }, 'groups'), undefined)
  const photographs = made.images.map(({ id }) => ({ id, source }))
  t.is(by({ ...made, images: photographs }, 'groups'), undefined)

  const whole = by(await emojiProtocols('unseen-style/openmoji', 'en'), 'groups')!
  t.is(whole.images.length, 1194)
  t.deepEqual(whole.classes.toSorted(), [
    'activities',
    'animals & nature',
    'food & drink',
    'objects',
    'people & body',
    'smileys & emotion',
    'symbols',
    'travel & places',
  ])
})
