import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import sharp from 'sharp'
import { openCorpus } from '../../corpora/open.ts'
import type { Reading, Sample } from '../../corpora/sample.ts'
import { check } from '../../stages/check.ts'
import { convert } from '../../stages/convert.ts'
import { checkSettings } from '../../stages/settings/check.ts'
import { convertSettings } from '../../stages/settings/convert.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'

/** Eight pictures of circles at different places; `near.jpg` is the first one again, smaller and as JPEG; `cut.jpg` ends too early. */
async function picturesIn(t: ExecutionContext): Promise<string> {
  const dir = await temporaryFolder(t)
  await mkdir(join(dir, 'p'))
  const drawing = (i: number) =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96"><rect width="96" height="96" fill="#fff"/><circle cx="${15 + 9 * i}" cy="${80 - 8 * i}" r="${10 + i}"/><rect x="${5 * i}" y="9" width="${9 + 7 * i}" height="12" fill="#777"/></svg>`
  for (let i = 0; i < 8; i++)
    await sharp(Buffer.from(drawing(i)))
      .png()
      .toFile(join(dir, 'p', `${i}.png`))
  await sharp(Buffer.from(drawing(0)))
    .resize(64)
    .jpeg({ quality: 80 })
    .toFile(join(dir, 'p', 'near.jpg'))
  const whole = await sharp(Buffer.from(drawing(1)))
    .jpeg()
    .toBuffer()
  await writeFile(join(dir, 'p', 'cut.jpg'), whole.subarray(0, whole.length / 2))
  await writeFile(join(dir, 'p', 'empty.png'), '')
  await writeFile(
    join(dir, 'p', 'huge.svg'),
    '<svg xmlns="http://www.w3.org/2000/svg" width="50000" height="50000"><rect width="9" height="9"/></svg>',
  )
  return dir
}

async function report(dir: string, rows: string, more: object = {}) {
  await writeFile(join(dir, 'captions.csv'), rows)
  const found = await check(checkSettings.parse({ corpus: join(dir, 'captions.csv'), page: join(dir, 'check.html'), ...more }))
  return { ...found, kinds: Object.fromEntries(found.findings.map(({ kind, count }) => [kind, count])) }
}

const where = (found: Awaited<ReturnType<typeof report>>, kind: string) =>
  found.findings.find((finding) => finding.kind === kind)!.examples.map((example) => example.where.replace(/^.*\//, ''))

test('a sound corpus has no findings; what there is is counted', async (t) => {
  const dir = await picturesIn(t)
  const found = await report(
    dir,
    'image,en,zh,split\np/0.png,a circle,一个圆,train\np/1.png,a lower circle,较低的圆,train\np/2.png,a box,一个盒子,test\n',
  )
  t.deepEqual(found.findings, [])
  t.deepEqual(
    Object.entries(found.splits).map(([split, { images }]) => [split, images]),
    [
      ['train', 2],
      ['test', 1],
    ],
  )
  t.like(found.splits.train!.languages.zh, { captions: 2, images: 2, characters: [3, 4, 4] })
  t.regex(await readFile(join(dir, 'check.html'), 'utf8'), /No faults.*一个圆/s)
})

test('every kind of fault is found at its line', async (t) => {
  const dir = await picturesIn(t)
  const zh = ['一个圆', 'nan', '\u200b', '圆', "['圆', '盒子']", 'a box']
  const lines = zh.map((caption, i) => `p/${i}.png,picture ${i},${caption.includes(',') ? `"${caption}"` : caption},train,note`)
  lines.push(
    'p/near.jpg,picture 6,远处的圆,test,note',
    'p/cut.jpg,picture 7,方块,test,note',
    'p/empty.png,picture 8,空,test,note',
    'p/huge.svg,picture 9,大,test,note',
  )
  lines.push('p/6.png,,,train,note', 'p/7.png,picture 11,缺少,tarin,note', 'p/none.png,picture 12,无,train,note', 'p/7.png,too few')
  const found = await report(dir, `image,en,zh,split,remark\n${lines.join('\n')}\n`, { fix: join(dir, 'sound.jsonl') })
  t.deepEqual(where(found, 'missing value as a word'), ['captions.csv:3'])
  t.deepEqual(where(found, 'invisible caption'), ['captions.csv:4'])
  t.deepEqual(where(found, 'several captions in one'), ['captions.csv:6'])
  t.deepEqual(where(found, 'wrong script'), ['captions.csv:7'])
  t.deepEqual(where(found, 'picture in several splits'), ['captions.csv:8'])
  t.deepEqual(where(found, 'unreadable picture'), ['captions.csv:9', 'captions.csv:10', 'captions.csv:11'])
  t.deepEqual(where(found, 'row that cannot be used').toSorted(), ['captions.csv:12', 'captions.csv:13', 'captions.csv:14', 'captions.csv:15'])
  t.deepEqual(
    found.findings.find(({ kind }) => kind === 'column set aside')!.examples.map(({ got }) => got),
    ['remark'],
  )
  const mended = await contents(join(dir, 'sound.jsonl'))
  t.deepEqual(
    mended.map(([id, captions]) => [id, captions]),
    [
      ['p/0.png', { en: ['picture 0'], zh: ['一个圆'] }],
      ['p/1.png', { en: ['picture 1'] }],
      ['p/2.png', { en: ['picture 2'] }],
      ['p/3.png', { en: ['picture 3'], zh: ['圆'] }],
      ['p/4.png', { en: ['picture 4'], zh: ["['圆', '盒子']"] }],
      ['p/5.png', { en: ['picture 5'], zh: ['a box'] }],
    ],
  )
})

test('leaks, repeats, uneven classes and cut captions are found', async (t) => {
  const dir = await picturesIn(t)
  const rows = Array.from({ length: 6 }, (_, i) => `p/${i}.png,a drawing,${i === 5 ? 'test' : 'train'}`)
  const found = await report(dir, `image,en,split\n${rows.join('\n')}\np/6.png,${'a very long caption '.repeat(30)},train\n`, { contextLength: 16 })
  t.deepEqual(found.kinds, { 'caption in several splits': 1, 'caption of many images': 1 })
  t.is(found.splits.train!.languages.en!.tokens!.cut, 1)
})

test('a copy of a picture that leaks leaks, too', async (t) => {
  const dir = await picturesIn(t)
  await copyFile(join(dir, 'p', 'near.jpg'), join(dir, 'p', 'copy.jpg'))
  const rows = ['0.png,one,train', 'near.jpg,two,test', 'copy.jpg,three,test'].map((row) => `./p/${row}\n`)
  const found = await report(dir, `image,en,split\n${rows.join('')}`, { fix: join(dir, 'sound.jsonl') })
  t.deepEqual(found.kinds, { 'picture in several splits': 2 })
  t.deepEqual(where(found, 'picture in several splits'), ['captions.csv:3', 'captions.csv:4'])
  t.deepEqual(
    (await contents(join(dir, 'sound.jsonl'))).map(([id]) => id),
    ['p/0.png'],
  )
})

test('a column in another language than it says is found', async (t) => {
  const dir = await picturesIn(t)
  const german = [
    'ein kleiner Hund läuft durch den Garten und spielt mit einem Ball',
    'zwei Kinder sitzen auf der Wiese und essen Eis mit ihren Eltern',
  ]
  const english = [
    'a small dog runs through the garden and plays with a ball again',
    'two children sit on the grass and eat ice cream with their parents',
  ]
  const rows = (texts: string[]) => Array.from({ length: 8 }, (_, i) => `p/${i}.png,${texts[i % 2]} ${i},train`).join('\n')
  t.deepEqual((await report(dir, `image,en,split\n${rows(german)}\n`)).kinds, { 'wrong language': 1 })
  t.deepEqual((await report(dir, `image,en,split\n${rows(english)}\n`)).kinds, {})
})

async function contents(place: string, options: Reading = {}): Promise<[string, Sample['captions'], string | undefined, string][]> {
  const { corpus } = await openCorpus(place, options)
  const found: [string, Sample['captions'], string | undefined, string][] = []
  for (const split of corpus.splits) for await (const { id, captions, classId } of corpus.samples(split)) found.push([id, captions, classId, split])
  return found
}

test('convert: through every format and back', async (t) => {
  const dir = await picturesIn(t)
  const rows =
    '{"image":"p/0.png","captions":{"zh":["圆, 大","\\"圆\\""]},"split":"train","class":"c"}\n{"image":"p/1.png","captions":{"zh":"盒子"},"split":"test"}\n'
  await writeFile(join(dir, 'a.jsonl'), rows)
  const expected = await contents(join(dir, 'a.jsonl'))
  const bytes = await readFile(join(dir, 'p', '0.png'))
  let from = join(dir, 'a.jsonl')
  for (const [out, format] of [
    ['b.csv', 'csv'],
    ['c.tsv', 'tsv'],
    ['d', 'webdataset'],
    ['e.jsonl', 'jsonl'],
    ['f', 'chinese-clip'],
    ['g.json', 'coco'],
    ['h/i.csv', 'csv'],
    ['j', 'parquet'],
    ['k', 'imagefolder'],
    ['l', 'caption-list'],
    ['m.tsv', 'open-clip'],
    ['n', 'parquet'],
  ] as const) {
    const target = join(dir, out, format === 'caption-list' ? 'captions.txt' : '')
    const written = await convert(convertSettings.parse({ corpus: from, out: join(dir, out), format, captionLanguage: 'zh' }))
    t.deepEqual(written, { images: 2, captions: 3 }, out)
    const found = await contents(target, { captionLanguage: 'zh' })
    t.deepEqual(
      found.map(([, captions, , split]) => [captions, split]),
      expected.map(([, captions, , split]) => [captions, split]),
      out,
    )
    const keepsClasses = out < 'f'
    if (keepsClasses) t.is(found[0]![2], 'c', out)
    const { corpus } = await openCorpus(target, { captionLanguage: 'zh' })
    for await (const { image } of corpus.samples('train')) t.deepEqual(Buffer.from(await image.read()), bytes, out)
    from = target
  }
  await throwsUserError(t, () => convert(convertSettings.parse({ corpus: from, out: join(dir, 'p') })), { got: 'one that is there' })
  await throwsUserError(t, () => convert(convertSettings.parse({ corpus: from, out: join(dir, 'x.bin') })), { hint: /--format/ })
  await writeFile(join(dir, 'lines.jsonl'), '{"image":"p/0.png","captions":{"hi":"एक\\nदो","en":"one"}}\n')
  const list = { corpus: join(dir, 'lines.jsonl'), format: 'caption-list', out: join(dir, 'o') }
  await throwsUserError(t, () => convert(convertSettings.parse(list)), { where: '--format caption-list', got: 'hi' })
  await throwsUserError(t, () => convert(convertSettings.parse({ ...list, languages: ['hi'] })), { where: 'image p/0.png', got: '"एक\\nदो"' })
  t.false(existsSync(join(dir, 'o')))
  const missing = { corpus: join(dir, 'a.jsonl'), out: join(dir, 'x.csv'), languages: ['en', 'zh'] }
  await throwsUserError(t, () => convert(convertSettings.parse(missing)), { where: '--languages', got: 'en', hint: /has captions in zh/ })
})

test('check: what cannot be written or checked is refused before anything is read', async (t) => {
  const dir = await picturesIn(t)
  const rows = 'image,en\np/0.png,a circle\n'
  await throwsUserError(t, () => report(dir, rows, { fix: join(dir, 'captions.csv') }), { where: join(dir, 'captions.csv'), expected: 'a new place' })
  t.is(await readFile(join(dir, 'captions.csv'), 'utf8'), rows)
  await throwsUserError(t, () => report(dir, rows, { fix: join(dir, 'sound') }), { where: join(dir, 'sound'), hint: /--fix/ })
  await throwsUserError(t, () => check(checkSettings.parse({ corpus: 'emoji' })), { where: 'corpus', got: 'emoji', expected: /yours/ })
  await t.throwsAsync(stat(join(dir, 'check.html')))
})

test('convert: an id that is a path leads out of no folder', async (t) => {
  const dir = await picturesIn(t)
  const base64 = (await readFile(join(dir, 'p', '0.png'))).toString('base64')
  await mkdir(join(dir, 'clip'))
  await writeFile(join(dir, 'clip', 'train_imgs.tsv'), `../../out\t${base64}\n`)
  await writeFile(join(dir, 'clip', 'train_texts.jsonl'), '{"text": "圆", "image_ids": ["../../out"]}\n')
  await convert(convertSettings.parse({ corpus: join(dir, 'clip'), out: join(dir, 'deep', 'a.csv') }))
  t.true((await stat(join(dir, 'deep', 'images', 'out.png'))).isFile())
})

test('convert: a picture of another corpus is not written over, and nothing is left of the attempt', async (t) => {
  const dir = await picturesIn(t)
  const folders = ['one', 'two']
  for (const [i, name] of folders.entries()) {
    await mkdir(join(dir, name))
    const base64 = (await readFile(join(dir, 'p', `${i}.png`))).toString('base64')
    const first = (await readFile(join(dir, 'p', '0.png'))).toString('base64')
    await writeFile(join(dir, name, 'train_imgs.tsv'), `a\t${first}\nb\t${base64}\n`)
    await writeFile(join(dir, name, 'train_texts.jsonl'), '{"text": "圆", "image_ids": ["a", "b"]}\n')
  }
  const [one, two] = folders.map((name) => ({ corpus: join(dir, name), out: join(dir, 'both', `${name}.csv`) }))
  await convert(convertSettings.parse(one))
  const before = (await readdir(join(dir, 'both'), { recursive: true })).sort()
  const where = join(dir, 'both', 'images', 'b.png')
  await throwsUserError(t, () => convert(convertSettings.parse(two)), { where, got: 'another picture' })
  t.deepEqual(await readFile(where), await readFile(join(dir, 'p', '0.png')))
  t.deepEqual((await readdir(join(dir, 'both'), { recursive: true })).sort(), before)
})
