import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { openTexts } from '../../corpora/open-texts.ts'
import type { TextCorpus, TextSample } from '../../corpora/sample.ts'
import { type Expected, throwsUserError } from '../user-error.ts'

let folder = ''
let files = 0
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'distilingual-texts-'))
})
test.after.always(() => rm(folder, { recursive: true, force: true }))

async function write(content: string, extension = 'csv'): Promise<string> {
  const file = join(folder, `${files++}.${extension}`)
  await writeFile(file, content)
  return file
}

async function train(corpus: TextCorpus): Promise<TextSample[]> {
  const samples: TextSample[] = []
  for await (const sample of corpus.samples('train')) samples.push(sample)
  return samples
}

test('a table without images: a row a meaning, for training unless it says otherwise', async (t) => {
  const corpus = (await openTexts(await write('en,zh,class,source\n"a dog, barking",吠叫的狗,dog,web\ncat,猫,,\n')))!
  t.deepEqual(corpus.languages, ['en', 'zh'])
  t.deepEqual(corpus.splits, ['train'])
  t.deepEqual(await train(corpus), [
    { id: 'line 2', captions: { en: ['a dog, barking'], zh: ['吠叫的狗'] }, classId: 'dog', columns: { class: 'dog', source: 'web' } },
    { id: 'line 3', captions: { en: ['cat'], zh: ['猫'] } },
  ])
  const split = (await openTexts(await write('en\tsplit\ndog\ttrain\ncat\ttest\n', 'tsv')))!
  t.deepEqual(split.splits, ['train', 'test'])
  t.is((await train(split)).length, 1)
})

test('JSONL without images', async (t) => {
  const corpus = (await openTexts(await write('{"captions":{"en":["dog","hound"],"zh":"狗"},"year":2020}\n', 'jsonl')))!
  t.deepEqual(await train(corpus), [{ id: 'line 1', captions: { en: ['dog', 'hound'], zh: ['狗'] }, columns: { year: '2020' } }])
})

test('what has images, or is no file, is not for texts', async (t) => {
  t.is(await openTexts(await write('image,en\na.png,dog\n')), undefined)
  t.is(await openTexts(await write('Image,language,caption\na.png,en,dog\n')), undefined)
  t.is(await openTexts(await write('{"image":"a.png","captions":{"en":"dog"}}\n', 'jsonl')), undefined)
  t.is(await openTexts('emoji'), undefined)
})

test('the names of emoji side by side: train concepts, one text a language', async (t) => {
  const corpus = (await openTexts('emoji-names', { languages: ['en', 'zh'] }))!
  const samples = await train(corpus)
  t.is(samples.length, 1194)
  t.deepEqual(samples.find(({ id }) => id === '1f436')!.captions, { en: ['dog face'], zh: ['狗脸'] })
  t.true(samples.every(({ captions }) => Object.values(captions).every((texts) => texts.length === 1)))
  await throwsUserError(t, () => openTexts('emoji-names', { languages: ['tlh'] }), { got: 'tlh' })
})

const mistakes: Record<string, [string, Expected, string?]> = {
  'empty texts': ['en,zh\n,\n', { where: /:2/, got: /an empty one/ }],
  'no language': ['source,split\nweb,train\n', { where: /:1/, got: /without a language column/ }],
  'a long table': ['language,caption\nen,dog\n', { where: /:1/, got: /without "image"/ }],
  'a header alone': ['en,zh\n', { expected: /at least one row below the header/ }],
  'an unknown split': ['en,split\ndog,trian\n', { where: /:2/, expected: /a split/ }],
  'an image in the second line': [
    '{"captions":{"en":"dog"}}\n{"image":"a.png","captions":{"en":"dog"}}\n',
    { where: /:2/, got: /an image, which the first line has not/ },
    'jsonl',
  ],
}
for (const [title, [content, expected, extension]] of Object.entries(mistakes)) {
  test(`mistake: ${title}`, async (t) => {
    const read = async () => train((await openTexts(await write(content, extension)))!)
    await throwsUserError(t, () => read(), expected)
  })
}
