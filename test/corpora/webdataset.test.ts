import { createWriteStream } from 'node:fs'
import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import test from 'ava'
import { pack } from 'tar-stream'
import { shardNames } from '../../corpora/readers/braces.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { blue, contents, fails, lime, pictures, red } from './places.ts'

async function tarOf(file: string, entries: [name: string, content: string | Buffer, type?: 'symlink'][]): Promise<string> {
  const tar = pack()
  for (const [name, content, type] of entries) tar.entry(type ? { name, type, linkname: 'x' } : { name }, type ? '' : content)
  tar.finalize()
  await pipeline(tar, createWriteStream(file))
  return file
}

test('WebDataset: brace ranges, several sources, several captions a key, long names', async (t) => {
  const [one, two, three] = await pictures
  const dir = await temporaryFolder(t)
  const long = `${'d/'.repeat(40)}${'n'.repeat(150)}`
  await tarOf(join(dir, 'train-0.tar'), [
    ['a.png', one!],
    ['a.en.txt', 'red'],
    ['a.zh.0.txt', '红\n'],
    ['a.zh.1.txt', '红色'],
    [`${long}.png`, two!],
    [`${long}.json`, '{"captions": {"en": ["lime", "green"]}, "class": "c"}'],
  ])
  await tarOf(join(dir, 'train-1.tar'), [
    ['b.png', three!],
    ['b.txt', 'bleu'],
    ['b.json', '{"caption": "bleu", "width": 8}'],
  ])
  await tarOf(join(dir, 'other.tar'), [
    ['b.png', one!],
    ['b.txt', 'rouge'],
  ])
  t.deepEqual(
    await contents(`${join(dir, 'train-{0..1}.tar')}::${join(dir, 'other.tar')}`, { captionLanguage: 'fr' }).then(({ train }) => train!.slice(-3)),
    [
      ['train-0.tar/a.png', { en: ['red'], zh: ['红', '红色'] }, red],
      [`train-0.tar/${long}.png`, { en: ['lime', 'green'] }, lime],
      ['train-1.tar/b.png', { fr: ['bleu'] }, blue],
    ],
  )
  t.deepEqual(shardNames('s-{008..010}.tar::{x,y}/{0..1}.tar'), ['s-008.tar', 's-009.tar', 's-010.tar', 'x/0.tar', 'x/1.tar', 'y/0.tar', 'y/1.tar'])
})

test('WebDataset: shards of one name in two folders hold different images', async (t) => {
  const [one, two] = await pictures
  const dir = await temporaryFolder(t)
  for (const [name, bytes] of [['x', one!] as const, ['y', two!] as const]) {
    await mkdir(join(dir, name))
    await tarOf(join(dir, name, 'train-0.tar'), [
      ['a.png', bytes],
      ['a.en.txt', name],
    ])
  }
  t.deepEqual(await contents(join(dir, '{x,y}', 'train-{0..0}.tar')), {
    train: [
      ['x/train-0.tar/a.png', { en: ['x'] }, red],
      ['y/train-0.tar/a.png', { en: ['y'] }, lime],
    ],
  })
})

test('WebDataset: malformed tars', async (t) => {
  const [one] = await pictures
  const dir = await temporaryFolder(t)
  const at = (name: string) => join(dir, name)
  await fails(
    t,
    await tarOf(at('a.tar'), [
      ['a.png', one!],
      ['../b.png', one!],
    ]),
    { expected: 'names inside the tar', got: '"../b.png"' },
  )
  await fails(
    t,
    await tarOf(at('b.tar'), [
      ['a.png', one!],
      ['b.png', '', 'symlink'],
    ]),
    { got: /a link, "b\.png"/ },
  )
  await fails(t, await tarOf(at('c.tar'), [['a.en.txt', 'red']]), { where: /c\.tar: a$/, expected: /an image/ })
  await fails(
    t,
    await tarOf(at('d.tar'), [
      ['a.png', one!],
      ['a.txt', 'red'],
    ]),
    { where: /d\.tar: a$/, got: 'none named' },
  )
  await fails(
    t,
    await tarOf(at('e.tar'), [
      ['a.png', one!],
      ['b.png', one!],
      ['a.en.txt', 'red'],
    ]),
    { where: /e\.tar: a$/, got: /again/ },
  )
  await fails(
    t,
    await tarOf(at('double.tar'), [
      ['a.png', one!],
      ['a.PNG', one!],
      ['a.en.txt', 'red'],
    ]),
    { where: /double\.tar: a$/, expected: 'one png' },
  )
  await fails(
    t,
    await tarOf(at('f.tar'), [
      ['a.png', one!],
      ['a.en.txt', Buffer.from([0xc2, 0xed])],
    ]),
    { where: /f\.tar: a$/, expected: 'text in UTF-8' },
  )
  await fails(
    t,
    await tarOf(at('g.tar'), [
      ['a.png', one!],
      ['a.json', '[1]'],
    ]),
    { where: /g\.tar: a$/, expected: 'a JSON object' },
  )
  const whole = await tarOf(at('h.tar'), [
    ['a.png', one!],
    ['a.en.txt', 'red'],
    ['b.png', one!],
  ])
  await truncate(whole, 1600)
  await fails(t, whole, { expected: 'a whole tar' })
  await writeFile(at('i.tar'), Buffer.alloc(2048, 'x'))
  await fails(t, at('i.tar'), { expected: 'a tar' })
  await writeFile(at('j.tar'), Buffer.from([0x1f, 0x8b, ...Buffer.alloc(1022)]))
  await fails(t, at('j.tar'), { got: 'gzip', hint: /gunzip/ })
  await fails(t, at('k-{0..1}.tar'), { where: /k-0\.tar$/, got: 'no such file' })
})
