import test from 'ava'
import { captionParts, captionsOf } from '../../corpora/emoji/captions.ts'
import { concepts, conceptsOf } from '../../corpora/emoji/concepts.ts'
import { emoji } from '../../corpora/emoji/corpus.ts'
import { emojiProtocolLanguages, emojiProtocolNames, emojiProtocols } from '../../corpora/emoji/protocols.ts'
import { emojiLanguages, wordsIn } from '../../corpora/emoji/text.ts'
import type { Sample, Split } from '../../corpora/sample.ts'
import { throwsUserError } from '../user-error.ts'

async function all(split: Split, languages = emojiLanguages()): Promise<Sample[]> {
  const samples: Sample[] = []
  for await (const sample of emoji({ languages }).samples(split)) samples.push(sample)
  return samples
}

test('captions of three concepts', (t) => {
  t.deepEqual(captionsOf('1f436', 'en'), [
    'dog face',
    'an icon of dog face',
    'a drawing of dog face',
    'dog face emoji',
    'a small picture: dog face',
    'dog face, simple illustration',
    'adorbs, animal',
    'dog, face',
    'pet, puppies',
  ])
  t.deepEqual(captionsOf('1f436', 'zh').slice(0, 2), ['狗脸', '狗脸的图标'])
  t.deepEqual(captionsOf('1f436', 'zh').slice(6), ['宠物、狗', '小狗、脸', '汪星人、狗'])
  t.is(captionsOf('1f3a4', 'en')[0], 'microphone')
  t.deepEqual(captionsOf('1f3a4', 'zh').slice(0, 3), ['麦克风', '麦克风的图标', '麦克风的图画'])
  // "mountain" is the name of a test concept, so that keyword of this train concept is not used.
  t.true(wordsIn('en')['1f3d4']!.includes('mountain'))
  t.deepEqual(captionsOf('1f3d4', 'en').slice(6), ['cold, snow-capped', 'snow, snow-capped'])
  t.deepEqual(captionsOf('1f3d4', 'zh')[0], '雪山')
})

test('no held-out concept, drawing or name is in the training split', async (t) => {
  const train = await all('train')
  t.is(train.length, 6736)
  t.deepEqual(train.find(({ classId }) => classId === '1f436')!.columns, {
    concept: '1f436',
    subgroup: 'animal-mammal',
    group: 'animals-nature',
    style: train.find(({ classId }) => classId === '1f436')!.id.split('/')[0]!,
  })
  const known = concepts()
  t.true(train.every(({ classId }) => known.get(classId!)?.split === 'train'))
  t.is(new Set(train.map(({ classId }) => classId)).size, 1194)
  const styles = new Set(train.map(({ id }) => id.split('/')[0]))
  t.deepEqual([...styles].sort(), ['fluent-3d', 'fluent-flat', 'fluent-high-contrast', 'noto', 'noto-v1', 'twemoji'])
  for (const language of emojiLanguages()) {
    const said = new Set<string>()
    for (const { captions } of train) for (const caption of captions[language] ?? []) said.add(caption.toLowerCase())
    for (const { code } of conceptsOf('train')) {
      // Of keyword pairs, either keyword as well.
      for (const pair of captionParts(code, language).keywords) for (const keyword of pair.split(/, |、|، /)) said.add(keyword.toLowerCase())
    }
    for (const split of ['val', 'test', 'reserve'] as const) {
      for (const { code } of conceptsOf(split)) {
        const name = wordsIn(language)[code]?.[0]
        if (name !== undefined) t.false(said.has(name.toLowerCase()), `${language}: ${name}`)
      }
    }
  }
})

test('ids are unique and the order is always the same', async (t) => {
  for (const split of ['train', 'val', 'test'] as const) {
    const ids = (await all(split, ['en'])).map(({ id }) => id)
    t.is(new Set(ids).size, ids.length)
    t.deepEqual(
      (await all(split, ['en'])).map(({ id }) => id),
      ids,
    )
  }
  t.is((await all('val', ['en'])).length, 841)
  t.is((await all('test', ['en'])).length, 1194)
})

const sizes: Record<string, [images: number, texts: number, queries: number]> = {
  'validation-style/emojione': [841, 841, 841],
  'validation-concepts/100': [100, 100, 100],
  'unseen-style/openmoji': [1194, 1194, 1194],
  'unseen-style/streamline': [387, 387, 387],
  'unseen-concepts/200': [200, 200, 200],
  'unseen-concepts/1644': [1494, 1644, 200],
}

test('sizes of the protocols', async (t) => {
  for (const [name, [images, texts, queries]] of Object.entries(sizes)) {
    for (const language of ['en', 'zh']) {
      const task = await emojiProtocols(name, language)
      t.is(task.images.length, images, name)
      t.is(task.texts.length, texts, name)
      t.is(new Set(task.texts).size, texts, `${name}: names are unique`)
      t.is((task.textQueries ?? task.texts).length, queries, name)
      t.is((task.imageQueries ?? task.images).length, queries, name)
      t.true(task.positives.flat().every((i) => i < images))
    }
  }
})

test('gallery 1,644 asks for test concepts only and shows no reserved drawing', async (t) => {
  const task = await emojiProtocols('unseen-concepts/1644', 'en')
  const codes = new Map([...concepts().values()].map(({ code }) => [wordsIn('en')[code]![0]!, code]))
  const splitOf = (text: string) => concepts().get(codes.get(text)!)!.split
  t.true(task.textQueries!.every((i) => splitOf(task.texts[i]!) === 'test'))
  for (const [i, positives] of task.positives.entries()) t.is(positives.length, splitOf(task.texts[i]!) === 'reserve' ? 0 : 1)
  const asked = new Set(task.textQueries!.flatMap((i) => task.positives[i]!))
  t.deepEqual(
    [...asked].sort((a, b) => a - b),
    task.imageQueries,
  )
})

test('held-out phrases are no CLDR string and no caption', async (t) => {
  for (const [source, language] of [
    ['emojilib', 'en'],
    ['unicode-names', 'en'],
    ['zh-hant', 'zh'],
  ] as const) {
    const task = await emojiProtocols(`unseen-phrasing/${source}`, language)
    t.is(task.images.length, 1194)
    t.true(task.texts.length > 400, `${source}: ${task.texts.length}`)
    t.is(new Set(task.texts).size, task.texts.length)
    const known = new Set(Object.entries(wordsIn(language)).flatMap(([code, words]) => [...words, ...captionsOf(code, language)]))
    t.deepEqual(
      task.texts.filter((text) => known.has(text)),
      [],
    )
  }
})

test('unknown protocols and languages are answered with the valid ones', async (t) => {
  t.deepEqual(emojiProtocolLanguages('unseen-phrasing/zh-hant'), ['zh'])
  t.true(emojiProtocolNames().includes('unseen-style/openmoji'))
  await throwsUserError(t, () => emojiProtocols('unseen-phrasing/emojilib', 'zh'), { expected: /\(en\)/, got: 'zh' })
  await throwsUserError(t, () => emojiProtocols('unseen-stile/openmoji', 'en'), { hint: /unseen-style\/openmoji/ })
  await throwsUserError(t, () => emoji({ languages: ['en', 'xx'] }), { got: 'xx' })
})
