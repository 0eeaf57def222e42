import test from 'ava'
import type { Classification } from '../../corpora/classification.ts'
import { emojiClassifications } from '../../corpora/emoji/classes.ts'
import { classTemplates } from '../../corpora/emoji/templates.ts'
import { photoTemplates } from '../../corpora/photo-templates.ts'
import type { RetrievalTask } from '../../corpora/retrieval-task.ts'
import { classTasks } from '../../eval/class-tasks.ts'
import { headlineOf } from '../../eval/headline.ts'
import { zeroShotTemplates } from '../../eval/templates.ts'

const source = { key: '', read: async () => new Uint8Array() }
const task = (language: string, classes: (string | undefined)[]): RetrievalTask => ({
  corpus: 'c',
  protocol: 'test',
  language,
  images: classes.map((classId, i) => ({ id: `${i}`, classId, source })),
  texts: classes.map((_, i) => `text ${i}`),
  positives: classes.map((_, i) => [i]),
})

const byClass: Classification[] = [{ kind: 'classes', templates: photoTemplates, nameOf: ({ classId }) => classId }]

test("users' classes are named as written; images without one are left out", (t) => {
  const [made, ...others] = classTasks(task('zh-CN', ['cat', 'dog', undefined, 'cat']), byClass)
  t.deepEqual(others, [])
  const { kind, classes, labels, images } = made!.task
  t.deepEqual({ kind, classes, labels, images }, { kind: 'classes', classes: ['cat', 'dog'], labels: [0, 1, 0], images: [0, 1, 3] })
  t.deepEqual(made!.templates, zeroShotTemplates('zh', photoTemplates))
})

test('there is nothing to classify without classes, with one, and with one an image', (t) => {
  for (const classes of [[undefined, undefined], ['cat', 'cat'], ['cat', 'dog'], []]) t.deepEqual(classTasks(task('en', classes), byClass), [])
})

test('emoji are classified by group and subgroup, in languages that emojibase names them in', (t) => {
  const animals = ['1f436', '1f431', '1f41f', '1f3a4', '1f3b5']
  const made = classTasks(task('zh', animals), emojiClassifications())
  t.deepEqual(
    made.map(({ task: { kind, classes } }) => [kind, classes.length]),
    [
      ['groups', 2],
      ['subgroups', 3],
    ],
  )
  t.true(made[0]!.templates.includes('{}表情符号'))
  t.deepEqual(classTasks(task('ar', animals), emojiClassifications()), [])
})

test('a language without templates is asked for by the bare name', (t) => {
  t.deepEqual(zeroShotTemplates('sw', photoTemplates), ['{}'])
  t.deepEqual(zeroShotTemplates('pt-BR', classTemplates), zeroShotTemplates('pt', classTemplates))
})

test('the headline is what the corpus prefers, else test, else val, else what comes first', (t) => {
  const preferred = ['unseen-style/openmoji', 'free-queries']
  t.is(headlineOf(['validation-style/emojione', 'free-queries', 'unseen-style/openmoji/hard', 'unseen-style/openmoji'], preferred), preferred[0])
  t.is(headlineOf(['validation-style/emojione', 'free-queries'], preferred), 'free-queries')
  t.is(headlineOf(['train', 'val', 'test']), 'test')
  t.is(headlineOf(['train', 'val']), 'val')
  t.is(headlineOf(['train']), 'train')
  t.is(headlineOf([]), undefined)
})
