import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import test, { type ExecutionContext } from 'ava'
import { pack } from 'tar-stream'
import type { UserError } from '../../base/errors.ts'
import { openCorpus } from '../../corpora/open.ts'
import { fails, folderOf, pictures } from './places.ts'

/** Each format with a sound row, one that is malformed, and one whose caption is empty. */
async function places(t: ExecutionContext): Promise<[place: string, malformed: RegExp, empty: RegExp][]> {
  const [one] = await pictures
  const base64 = one!.toString('base64')
  const images = [1, 2].map((id) => ({ id, file_name: `${id}.png` }))
  const dir = await folderOf(t, {
    '1.png': one!,
    '2.png': one!,
    'a.json': JSON.stringify({ images, annotations: [1, 9, 2].map((image_id) => ({ image_id, caption: image_id === 2 ? ' ' : 'one' })) }),
    'clip/train_imgs.tsv': `1\t${base64}\n2\t${base64}\n`,
    'clip/train_texts.jsonl': '{"text": "one", "image_ids": [1]}\n{"text": "two"}\n{"text": " ", "image_ids": [2]}\n',
    'folder/train/1.png': one!,
    'folder/train/2.png': one!,
    'folder/train/metadata.jsonl': '{"file_name": "1.png", "text": "one"}\n{"text": "two"}\n{"file_name": "2.png", "text": " "}\n',
  })
  const tar = pack()
  for (const [key, text] of Object.entries({ a: '{"text": "one"}', b: '[]', c: '{"text": " "}' })) {
    tar.entry({ name: `${key}.png` }, one!)
    tar.entry({ name: `${key}.json` }, text)
  }
  tar.finalize()
  await pipeline(tar, createWriteStream(join(dir, 'train.tar')))
  return [
    [join(dir, 'a.json'), /a\.json: annotation 1$/, /a\.json: annotation 2$/],
    [join(dir, 'clip'), /train_texts\.jsonl:2$/, /train_texts\.jsonl:3$/],
    [join(dir, 'folder'), /metadata\.jsonl:2$/, /metadata\.jsonl:3$/],
    [join(dir, 'train.tar'), /train\.tar: b$/, /train\.tar: c$/],
  ]
}

test('every format: rows that cannot be used are handed over, each with its place', async (t) => {
  for (const [place, malformed, empty] of await places(t)) {
    await fails(t, place, { where: malformed }, { captionLanguage: 'en' })
    const bad: UserError[] = []
    const { corpus } = await openCorpus(place, { captionLanguage: 'en', onBadRow: (error) => bad.push(error) })
    t.is(bad.length, 2, place)
    t.regex(bad[0]!.fields.where, malformed)
    t.regex(bad[1]!.fields.where, empty)
    let count = 0
    for (const split of corpus.splits) for await (const { captions } of corpus.samples(split)) if (captions.en?.[0] === 'one') count++
    t.is(count, 1, place)
  }
})

test('a list of captions: lines without one are handed over', async (t) => {
  const [one] = await pictures
  const dir = await folderOf(t, { '1.png': one!, 'captions.txt': '1.png#0\tone\nno caption\n' })
  const bad: string[] = []
  await openCorpus(join(dir, 'captions.txt'), { captionLanguage: 'en', onBadRow: ({ fields }) => bad.push(fields.where) })
  t.deepEqual(bad, [`${join(dir, 'captions.txt')}:2`])
})
