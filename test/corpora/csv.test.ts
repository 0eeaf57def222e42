import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import sharp from 'sharp'
import { csvCorpus } from '../../corpora/csv.ts'
import { jsonlCorpus } from '../../corpora/jsonl.ts'
import { openCorpus } from '../../corpora/open.ts'
import { buildPixelCache } from '../../corpora/pixel-cache.ts'
import type { Corpus, Sample } from '../../corpora/sample.ts'
import { splitProtocol } from '../../corpora/split-protocol.ts'
import { type Expected, throwsUserError } from '../user-error.ts'

let folder = ''
let files = 0

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'distilingual-csv-'))
  await mkdir(join(folder, 'images'))
  const colors = ['red', 'lime', 'blue', 'gold']
  for (const [i, background] of colors.entries()) {
    await sharp({ create: { width: 8, height: 8, channels: 3, background } })
      .png()
      .toFile(join(folder, 'images', `${i}.png`))
  }
})
test.after.always(() => rm(folder, { recursive: true, force: true }))

async function write(content: string | Uint8Array, extension = 'csv'): Promise<string> {
  const file = join(folder, `${files++}.${extension}`)
  await writeFile(file, content)
  return file
}

function csvOrJsonl(file: string): Promise<Corpus> {
  return file.endsWith('.csv') ? csvCorpus({ file }) : jsonlCorpus({ file })
}

async function everything(corpus: Corpus): Promise<Sample[]> {
  const samples: Sample[] = []
  for (const split of corpus.splits) for await (const sample of corpus.samples(split)) samples.push(sample)
  return samples
}

test('another file under the same name is another image: caches never mix folders, nor see old content', async (t) => {
  const cacheDir = join(folder, 'cache')
  const pixelsOf = async (dir: string) => {
    const corpus = await csvCorpus({ file: join(dir, 'table.csv') })
    const images = (await everything(corpus)).map(({ image }) => image)
    const cache = await buildPixelCache(images, { dir: cacheDir, size: 4 })
    t.teardown(() => cache.close())
    return cache.read(0)[0]
  }
  const paint = async (dir: string, grey: number) => {
    await mkdir(dir, { recursive: true })
    const background = { r: grey, g: grey, b: grey }
    await sharp({ create: { width: 8, height: 8, channels: 3, background } })
      .png()
      .toFile(join(dir, 'a.png'))
    await writeFile(join(dir, 'table.csv'), 'image,en\na.png,a square')
    return dir
  }
  const [first, second] = [join(folder, 'first'), join(folder, 'second')]
  t.is(await pixelsOf(await paint(first, 0)), 0)
  t.is(await pixelsOf(await paint(second, 255)), 255)
  t.is(await pixelsOf(first), 0)
  t.is(await pixelsOf(await paint(first, 90)), 90)
})

test('wide', async (t) => {
  const file = await write('\ufeffimage,EN,zh,split,class,group\nimages/0.png,"a red, square",红色方块,train,red,warm\nimages/1.png,green,绿,val,,\n')
  const corpus = await csvCorpus({ file })
  t.deepEqual(corpus.languages, ['en', 'zh'])
  t.deepEqual(corpus.splits, ['train', 'val'])
  const [first, second] = await everything(corpus)
  t.deepEqual(first!.captions, { en: ['a red, square'], zh: ['红色方块'] })
  t.is(first!.classId, 'red')
  t.is(first!.group, 'warm')
  t.is(second!.classId, undefined)
  t.is((await sharp(await first!.image.read()).metadata()).width, 8)
})

test('columns that mean nothing here are kept by their names, empty cells left out', async (t) => {
  const wide = await write('image,en,Species,split,class,year\nimages/0.png,red,finch,train,bird,2020\nimages/1.png,green,,train,,2021\n')
  const corpus = await csvCorpus({ file: wide })
  t.deepEqual(corpus.languages, ['en'])
  t.deepEqual(
    (await everything(corpus)).map(({ columns }) => columns),
    [{ class: 'bird', Species: 'finch', year: '2020' }, { year: '2021' }],
  )
  const long = await write('image\tlanguage\tcaption\tspecies\n0.png\ten\tred\tfinch\n0.png\ten\trot\tfinch\n', 'tsv')
  const [merged] = await everything(await csvCorpus({ file: long, imagesDir: join(folder, 'images') }))
  t.deepEqual(merged!.columns, { species: 'finch' })
  const lines = '{"image":"images/0.png","captions":{"en":"red"},"year":2020,"wild":true,"species":null,"group":"warm"}\n'
  t.deepEqual((await everything(await jsonlCorpus({ file: await write(lines, 'jsonl') })))[0]!.columns, { group: 'warm', year: '2020', wild: 'true' })
})

test('long, tab-separated, rows of one image merged; a caption written twice is two', async (t) => {
  const file = await write(
    'image\tlanguage\tcaption\tsplit\n0.png\tde\tein rotes Feld\ttrain\n./0.png\tfr\tun carré rouge\ttrain\n0.png\tde\trot\ttrain\n0.png\tde\trot\ttrain\n',
    'tsv',
  )
  const corpus = await csvCorpus({ file, imagesDir: join(folder, 'images') })
  const samples = await everything(corpus)
  t.is(samples.length, 1)
  t.deepEqual(samples[0]!.captions, { de: ['ein rotes Feld', 'rot', 'rot'], fr: ['un carré rouge'] })
})

test('a wide row that repeats a language fills its cell; one that has no other repeats the caption', async (t) => {
  const wide = await csvCorpus({ file: await write('image,en,zh\nimages/0.png,red,红\nimages/0.png,reddish,红\nimages/0.png,red,红的\n') })
  t.deepEqual((await everything(wide))[0]!.captions, { en: ['red', 'reddish'], zh: ['红', '红的'] })
  const one = await csvCorpus({ file: await write('image,en\nimages/0.png,red\nimages/0.png,red\n') })
  t.deepEqual((await everything(one))[0]!.captions, { en: ['red', 'red'] })
})

test('columns that begin like a language are none', async (t) => {
  const file = await write('image,en,is_valid,id_number,no_people,cat_name,zh-Hant\nimages/0.png,red,yes,7,true,Tom,紅\n')
  const corpus = await csvCorpus({ file })
  t.deepEqual(corpus.languages, ['en', 'zh-Hant'])
  const [sample] = await everything(corpus)
  t.deepEqual(sample!.columns, { is_valid: 'yes', id_number: '7', no_people: 'true', cat_name: 'Tom' })
})

test('without a split column a hash of the path decides, whatever the order of rows', async (t) => {
  const names = Array.from({ length: 200 }, (_, i) => `p/${i}.png`)
  await mkdir(join(folder, 'p'))
  for (const name of names) await writeFile(join(folder, name), '')
  const sizes = async (list: string[]) => {
    const corpus = await csvCorpus({ file: await write(`image,en\n${list.map((name) => `${name},x${name}`).join('\n')}`) })
    const byId: Record<string, string> = {}
    for (const split of corpus.splits) for await (const { id } of corpus.samples(split)) byId[id] = split
    return byId
  }
  const once = await sizes(names)
  t.deepEqual(await sizes([...names].reverse()), once)
  const count = (split: string) => Object.values(once).filter((name) => name === split).length
  t.true(count('train') > 140 && count('val') > 5 && count('test') > 5, `${count('train')}/${count('val')}/${count('test')}`)
})

const mistakes: [name: string, content: string | Uint8Array, expected: Expected][] = [
  ['wrong header', 'picture,en\nimages/0.png,red\n', { where: /\.csv:1/, got: /"picture,en" without "image"/ }],
  ['no language column', 'image,split\nimages/0.png,train\n', { where: /:1/, got: /without a language column/ }],
  [
    'half a long header',
    'image,caption\nimages/0.png,red\n',
    { where: /:1/, expected: /the language of the captions in "caption"/, got: 'none named' },
  ],
  ['a long header with more', 'image,language,caption,en\nimages/0.png,en,red,red\n', { got: /extra column "en"/ }],
  ['a column twice', 'image,en,en\nimages/0.png,red,red\n', { got: /column "en" twice/ }],
  ['semicolons', 'image;en\nimages/0.png;red\n', { where: /\.csv:1/, got: /"image;en"/ }],
  ['two columns for one language', 'image,en,EN\nimages/0.png,red,rot\n', { where: /:1/, got: /two columns for the language en/ }],
  ['unknown language column', 'image,english\nimages/0.png,red\n', { where: /:1/, got: /"english"/, hint: /Did you mean en \(English\)/ }],
  ['a column that is nearly split', 'image,en,spilt\nimages/0.png,red,train\n', { where: /\.csv:1/, got: /"spilt"/, hint: /Did you mean split\?/ }],
  ['a column that is nearly class', 'image,en,classs\nimages/0.png,red,a\n', { hint: /Did you mean class\?/ }],
  ['a code that is none', 'image,en,zj\nimages/0.png,red,x\n', { got: /"zj"/, hint: /Did you mean / }],
  ['only columns that are no language', 'image,species\nimages/0.png,finch\n', { got: /"image,species" without a language column/ }],
  [
    'two species of one image',
    'image,language,caption,species\nimages/0.png,en,red,finch\nimages/0.png,en,rot,wren\n',
    { where: /\.csv:3/, expected: /species "finch" .* line 2/, got: /"wren"/ },
  ],
  ['a column without a name', ',image,en\n0,images/0.png,red\n', { where: /\.csv:1/, got: /no name for column 1/ }],
  ['captions named so', 'image,en,it_caption\nimages/0.png,red,rosso\n', { where: /\.csv:1/, got: /"it_caption"/, hint: /Did you mean it\?/ }],
  ['a language and more', 'image,is-valid\nimages/0.png,red\n', { where: /\.csv:1/, got: /without a language column/ }],
  ['underscore in a code', 'image,zh_CN\nimages/0.png,红\n', { hint: /Did you mean zh-CN\?/ }],
  ['unknown language in a row', 'image,language,caption\nimages/0.png,en,red\nimages/0.png,xq,red\n', { where: /\.csv:3/, got: /"xq"/ }],
  ['empty captions', 'image,en,zh\nimages/0.png,,\n', { where: /\.csv:2/, expected: /in en or zh/, got: /an empty one/ }],
  [
    'missing image',
    'image,en\nimages/0.png,red\nimages/9.png,red\nimages/8.png,x\n',
    { where: /\.csv:3/, expected: /an image at .*9\.png/, got: /no such file, and 1 more/ },
  ],
  ['no image path', 'image,en\n,red\n', { where: /\.csv:2/, expected: /an image path/ }],
  ['a quote never closed', 'image,en\nimages/0.png,"red\nimages/1.png,green\n', { where: /\.csv:\d/, expected: /cells that are quoted whole/ }],
  ['a quote inside', 'image,en\nimages/0.png,"a "red" one"\n', { where: /\.csv:2/, expected: /cells that are quoted whole/ }],
  ['an empty file', '', { expected: /a header/, got: /an empty file/ }],
  ['a header alone', 'image,en\n', { expected: /at least one row below the header/, got: 'none' }],
  ['too many cells', 'image,en\nimages/0.png,red, or so\n', { where: /\.csv:2/, expected: /2 cells \(image, en\)/, got: '3' }],
  ['too few cells', 'image,en,zh\n\nimages/0.png,red\n', { where: /\.csv:3/, expected: /3 cells \(image, en, zh\)/, got: '2' }],
  ['a split by the name of a property', 'image,en,split\nimages/0.png,red,constructor\n', { where: /\.csv:2/, got: /"constructor"/ }],
  ['unknown split', 'image,en,split\nimages/0.png,red,trian\n', { where: /\.csv:2/, got: /"trian"/ }],
  [
    'two splits',
    'image,en,split\nimages/0.png,red,train\nimages/0.png,rot,test\n',
    { where: /\.csv:3/, expected: /split "train" .* line 2/, got: /"test"/ },
  ],
  [
    'not UTF-8',
    Buffer.concat([Buffer.from('image,zh\nimages/0.png,'), Buffer.from([0xba, 0xec, 0xc9, 0xab])]),
    { where: /\.csv:2/, expected: /text in UTF-8/ },
  ],
]
for (const [name, content, expected] of mistakes) {
  test(`mistake: ${name}`, async (t) => {
    await throwsUserError(t, async () => csvCorpus({ file: await write(content) }), expected)
  })
}

test('mistake: no file', async (t) => {
  await throwsUserError(t, () => csvCorpus({ file: join(folder, 'none.csv') }), { where: /none\.csv/, got: /no such file/ })
  await throwsUserError(t, () => openCorpus('emojo'), { expected: /^emoji, or a file or folder/, got: 'emojo, which is not there' })
})

test('a split as a protocol: same image, same text and same class are right', async (t) => {
  const file = await write(
    'image,language,caption,split,class\n' +
      'images/0.png,en,red,test,a\nimages/0.png,en,a square,test,a\nimages/1.png,en,a square,test,b\n' +
      'images/2.png,en,blue,test,a\nimages/3.png,de,gelb,test,c\n',
  )
  const { corpus, protocols, defaultValidation, task } = await openCorpus(file)
  t.deepEqual(protocols, ['test'])
  t.is(defaultValidation, 'test')
  const result = await task('test', 'en')
  t.deepEqual(
    result.images.map(({ id }) => id),
    ['images/0.png', 'images/1.png', 'images/2.png'],
  )
  t.deepEqual(result.texts, ['red', 'a square', 'a square', 'blue'])
  t.deepEqual(result.positives, [
    [0, 2],
    [0, 1, 2],
    [0, 1, 2],
    [0, 2],
  ])
  await throwsUserError(t, () => task('tset', 'en'), { hint: /Did you mean test/ })
  await throwsUserError(t, () => splitProtocol(corpus, 'test', 'fr'), { expected: /a language it has \(en, de\)/, got: 'fr' })
})

test('images without a class have none in common, whatever the format says it with', async (t) => {
  const lines = [{ class: '' }, { class: '' }, {}].map((more, i) =>
    JSON.stringify({ image: `images/${i}.png`, captions: { en: `colour ${i}` }, split: 'test', ...more }),
  )
  const table = 'image,en,split,class\nimages/0.png,colour 0,test,\nimages/1.png,colour 1,test,\nimages/2.png,colour 2,test,\n'
  for (const file of [await write(lines.join('\n'), 'jsonl'), await write(table)]) {
    const { task } = await openCorpus(file)
    t.deepEqual((await task('test', 'en')).positives, [[0], [1], [2]], file)
  }
})

test('captions of a large class share one list of right answers', async (t) => {
  const names = Array.from({ length: 300 }, (_, i) => `large/${i}.png`)
  await mkdir(join(folder, 'large'))
  for (const name of names) await writeFile(join(folder, name), '')
  const rows = names.map((name, i) => `${name},picture ${i},test,${i % 2}`)
  const { positives } = await (await openCorpus(await write(`image,en,split,class\n${rows.join('\n')}`))).task('test', 'en')
  t.is(new Set(positives).size, 2)
  t.deepEqual(positives[5]!.slice(0, 3), [1, 3, 5])
})

test('blanks around captions, composed accents and odd line ends make no other captions', async (t) => {
  const table = 'image,en,split\r\nimages/0.png,"  café ",train\nimages/1.png,cafe\u0301,train\n'
  const lines = ['  café ', 'cafe\u0301'].map((caption, i) => JSON.stringify({ image: `images/${i}.png`, captions: { en: caption }, split: 'train' }))
  for (const file of [await write(table), await write(lines.join('\r\n'), 'jsonl')]) {
    const samples = await everything(await csvOrJsonl(file))
    t.deepEqual(
      samples.map(({ captions }) => captions.en),
      [['caf\u00e9'], ['caf\u00e9']],
      file,
    )
  }
  await throwsUserError(t, async () => csvCorpus({ file: await write('image,en\nimages/0.png,"   "\n') }), {
    expected: /a caption in en/,
    got: 'an empty one',
  })
  const separated = await write(`${JSON.stringify({ image: 'images/0.png', captions: { en: 'red\u2028square' }, split: 'train' })}\n`, 'jsonl')
  t.deepEqual((await everything(await jsonlCorpus({ file: separated })))[0]!.captions.en, ['red\u2028square'])
})

test('jsonl', async (t) => {
  const file = await write(
    '{"image":"images/0.png","captions":{"en":["red","a red square"],"zh":"红"},"split":"train"}\n\n' +
      '{"image":"images/1.png","language":"en","caption":"green","split":"train","class":"g"}\n',
    'jsonl',
  )
  const samples = await everything(await jsonlCorpus({ file }))
  t.deepEqual(samples[0]!.captions, { en: ['red', 'a red square'], zh: ['红'] })
  t.is(samples[1]!.classId, 'g')
  const broken = await write('{"image":"images/0.png","captions":{"en":"red"}}\n{"image":"images/1.png"\n', 'jsonl')
  await throwsUserError(t, () => jsonlCorpus({ file: broken }), { where: /\.jsonl:2/, expected: /an object/ })
  const spilt = await write('{"image":"images/0.png","captions":{"en":"red"},"spilt":"train"}\n', 'jsonl')
  await throwsUserError(t, () => jsonlCorpus({ file: spilt }), { where: /\.jsonl:1/, hint: /Did you mean split\?/ })
  const outside = await write('{"image":"images/0.png","captions":{"en":"red"},"zh":"红"}\n', 'jsonl')
  await throwsUserError(t, () => jsonlCorpus({ file: outside }), { where: /\.jsonl:1/, got: /zh: a language/ })
  const both = await write('{"image":"images/0.png","captions":{"en":"red"},"caption":"red"}\n', 'jsonl')
  await throwsUserError(t, () => jsonlCorpus({ file: both }), { got: /^caption: not beside captions/ })
  const odd = await write('{"image":"images/0.png","captions":{"en":3}}\n', 'jsonl')
  await throwsUserError(t, () => jsonlCorpus({ file: odd }), { where: /\.jsonl:1/, got: /captions\.en/ })
})
