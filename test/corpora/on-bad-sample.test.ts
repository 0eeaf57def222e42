import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import sharp from 'sharp'
import { everySample } from '../../corpora/every-sample.ts'
import { openCorpus } from '../../corpora/open.ts'
import { openTexts } from '../../corpora/open-texts.ts'
import type { TextCorpus } from '../../corpora/sample.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'

const skip = { onBadSample: 'skip' } as const

/** Two sound pictures, a broken one, one that is not there, and a row without a caption. */
async function place(t: ExecutionContext): Promise<string> {
  const dir = await temporaryFolder(t)
  for (const [i, name] of ['one.png', 'two.png'].entries())
    await sharp({ create: { width: 8, height: 8, channels: 3, background: { r: 90 * i, g: 9, b: 9 } } })
      .png()
      .toFile(join(dir, name))
  await writeFile(join(dir, 'broken.png'), 'no picture')
  const rows = ['one.png,a,eins,train', 'gone.png,b,zwei,train', 'two.png,,,train', 'broken.png,d,vier,test', 'two.png,e,fünf,test']
  await writeFile(join(dir, 'captions.csv'), ['image,en,de,split', ...rows].join('\n'))
  return dir
}

test('skip leaves rows and pictures out, and lists each with its place; fail, the default, ends at the first', async (t) => {
  const dir = await place(t)
  const file = join(dir, 'captions.csv')
  await throwsUserError(t, () => openCorpus(file), { where: `${file}:4`, got: 'an empty one' })
  await throwsUserError(t, () => openCorpus(file, { onBadSample: 'fail' }), { where: `${file}:4` })
  const { corpus, protocols } = await openCorpus(file, skip)
  const kept: string[] = []
  for await (const { sample, split } of everySample(corpus)) kept.push(`${split} ${sample.id}`)
  t.deepEqual(kept, ['train one.png', 'test two.png'])
  t.deepEqual([corpus.splits, protocols, corpus.languagesOf('test')], [['train', 'test'], ['test'], ['en', 'de']])
  t.deepEqual(
    corpus.skipped!.map(({ where, got }) => [where.replace(dir, ''), got.split(' that')[0]]),
    [
      ['/captions.csv:4', 'an empty one'],
      ['/captions.csv:3', 'no such file'],
      ['/captions.csv:5, image broken.png', '10 bytes'],
    ],
  )
})

test('a split whose every picture is broken is none; nothing left at all is an error', async (t) => {
  const dir = await place(t)
  await writeFile(join(dir, 'half.csv'), 'image,en,split\none.png,a,train\nbroken.png,b,test')
  t.deepEqual((await openCorpus(join(dir, 'half.csv'), skip)).corpus.splits, ['train'])
  await writeFile(join(dir, 'broken.csv'), 'image,en\nbroken.png,b')
  await throwsUserError(t, () => openCorpus(join(dir, 'broken.csv'), skip), { got: 'none of 1' })
  await writeFile(join(dir, 'gone.csv'), 'image,en\ngone.png,b')
  await throwsUserError(t, () => openCorpus(join(dir, 'gone.csv'), skip), { where: join(dir, 'gone.csv') })
})

for (const [name, lines, where] of [
  ['texts.csv', ['en,de', 'a,eins', 'b', ',', 'd,vier'], [3, 4]],
  ['texts.jsonl', ['{"captions": {"en": "a"}}', '{"captions"', '{"captions": {"en": ""}}', '{"captions": {"en": "d"}}'], [2, 3]],
] as const) {
  test(`texts without images: ${name}`, async (t) => {
    const file = join(await temporaryFolder(t), name)
    await writeFile(file, lines.join('\n'))
    await throwsUserError(t, () => openTexts(file), { where: `${file}:${where[0]}` })
    const corpus = (await openTexts(file, skip)) as TextCorpus
    const kept: string[] = []
    for await (const { captions } of corpus.samples('train')) kept.push(captions.en![0]!)
    t.deepEqual(kept, ['a', 'd'])
    t.deepEqual(
      corpus.skipped!.map((one) => one.where),
      where.map((line) => `${file}:${line}`),
    )
  })
}
