import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import test from 'ava'
import sharp from 'sharp'
import { csvCorpus, csvTexts } from '../../corpora/csv.ts'
import { jsonlCorpus } from '../../corpora/jsonl.ts'
import { languageOf } from '../../corpora/language.ts'
import type { Corpus, Sample } from '../../corpora/sample.ts'
import { splitProtocol } from '../../corpora/split-protocol.ts'
import { loadTrainingSet } from '../../training/data/training-set.ts'
import { throwsUserError } from '../user-error.ts'

/** Inputs of public bug reports about preparing data, each with what must be said or done. */
let folder = ''
let files = 0

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'distilingual-reported-'))
  await mkdir(join(folder, 'photos'))
  for (const name of ['1.jpg', '2.jpg', '3.jpg', '4.jpg', '5.jpg', 'がぞう é.jpg'.normalize('NFD'), '红 色#1 50%.jpg']) {
    await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .jpeg()
      .toFile(join(folder, 'photos', name))
  }
})
test.after.always(() => rm(folder, { recursive: true, force: true }))

async function write(content: string | Uint8Array, name: string): Promise<string> {
  const file = join(folder, `${files++}-${name}`)
  await writeFile(file, content)
  return file
}

async function everything(corpus: Corpus): Promise<Sample[]> {
  const samples: Sample[] = []
  for (const split of corpus.splits) for await (const sample of corpus.samples(split)) samples.push(sample)
  return samples
}

async function captionsIn(file: string): Promise<Sample['captions'][]> {
  const corpus = await (file.includes('.jsonl') ? jsonlCorpus({ file }) : csvCorpus({ file }))
  return (await everything(corpus)).map(({ captions }) => captions)
}

const stop = 'image\ten\nphotos/1.jpg\t"Stop\nphotos/2.jpg\ta dog\nphotos/3.jpg\ta cat\nphotos/4.jpg\ta boat"\nphotos/5.jpg\ta car\n'

test('a caption that begins with a quotation mark swallows no rows', async (t) => {
  const file = await write(stop, 'captions.tsv')
  await throwsUserError(t, () => csvCorpus({ file }), { where: `${file}:2`, got: /runs over 4 lines/, hint: /--no-quoting/ })
  const commas = await write(stop.replaceAll('\t', ','), 'captions.csv')
  await throwsUserError(t, () => csvCorpus({ file: commas }), { where: `${commas}:2`, got: /runs over 4 lines/ })
  const returns = await write(stop.replaceAll('\n', '\r\n'), 'captions.tsv')
  await throwsUserError(t, () => csvCorpus({ file: returns }), { where: `${returns}:2` })
  const texts = await write('en\tzh\n"Stop\t停\na dog"\t狗\n', 'texts.tsv')
  await throwsUserError(t, () => csvTexts({ file: texts }), { where: `${texts}:2` })
  const later = await write('image,en,zh\n\nphotos/1.jpg,"a, b\nc",x\nphotos/2.jpg,"Stop,停\nphotos/3.jpg,a cat",猫\n', 'later.csv')
  await throwsUserError(t, () => csvCorpus({ file: later }), { where: `${later}:5` })
})

test('a quoted caption may hold a line break, and a TSV be read without quoting', async (t) => {
  const broken = await write('image,en,zh\nphotos/1.jpg,"a red, big\nsquare",红\n', 'break.csv')
  t.deepEqual(await captionsIn(broken), [{ en: ['a red, big\nsquare'], zh: ['红'] }])
  const corpus = await csvCorpus({ file: await write(stop, 'plain.tsv'), quoting: false })
  t.deepEqual((await everything(corpus)).flatMap(({ captions }) => captions.en!).toSorted(), ['"Stop', 'a boat"', 'a car', 'a cat', 'a dog'])
  const inch = await write('image\ten\nphotos/1.jpg\ta 12" pizza\nphotos/2.jpg\ta dog\n', 'inch.tsv')
  await throwsUserError(t, () => csvCorpus({ file: inch }), { where: `${inch}:2`, hint: /--no-quoting/ })
  t.is((await everything(await csvCorpus({ file: inch, quoting: false }))).length, 2)
})

test('a quote that is never closed is reported where it opens', async (t) => {
  const file = await write('image,en\nphotos/1.jpg,a dog\n\nphotos/2.jpg,"a cat\nphotos/3.jpg,a car\n', 'open.csv')
  await throwsUserError(t, () => csvCorpus({ file }), { where: `${file}:4` })
  const second = await write('image,en\nphotos/1.jpg,"Stop\nphotos/2.jpg,"Go\n', 'second.csv')
  await throwsUserError(t, () => csvCorpus({ file: second }), { where: `${second}:2` })
})

test('columns of captions are read by their code, numbered or beside a word', async (t) => {
  const pandas = 'image,en,zh,zh.1,zh.2,split\nphotos/1.jpg,a dog,一只狗,小狗,狗在跑,test\nphotos/2.jpg,a cat,一只猫,,,test\n'
  t.deepEqual(await captionsIn(await write(pandas, 'pandas.csv')), [
    { en: ['a dog'], zh: ['一只狗', '小狗', '狗在跑'] },
    { en: ['a cat'], zh: ['一只猫'] },
  ])
  for (const column of ['zh.1', 'zh2', 'zh_1', 'caption_zh', 'text_zh', 'title_zh', 'captions-zh', 'zh_caption', 'zh_text']) {
    const file = await write(`image,en,${column},split\nphotos/1.jpg,a dog,一只狗,test\n`, 'clear.csv')
    t.deepEqual(await captionsIn(file), [{ en: ['a dog'], zh: ['一只狗'] }], column)
  }
})

test('columns that may be captions are refused, with the language that is meant', async (t) => {
  const doubtful = {
    chinese_caption: 'zh',
    中文: 'zh',
    英文: 'en',
    中文描述: 'zh',
    日本語: 'ja',
    Chinese: 'zh',
    text_chinese: 'zh',
    it_text: 'it',
    no1: 'no',
  }
  for (const [column, language] of Object.entries(doubtful)) {
    const file = await write(`image,en,${column},split\nphotos/1.jpg,a dog,x,test\n`, 'doubtful.csv')
    await throwsUserError(
      t,
      () => csvCorpus({ file }),
      { where: `${file}:1`, got: `"${column}"`, hint: new RegExp(`Did you mean ${language}[ ?]`) },
      column,
    )
  }
  for (const column of ['caption.1', 'caption2', 'image.1']) {
    const file = await write(`image,en,${column},split\nphotos/1.jpg,a dog,x,test\n`, 'twice.csv')
    await throwsUserError(t, () => csvCorpus({ file }), { where: `${file}:1`, got: `"${column}"` }, column)
  }
})

test('other columns stay the manifest’s own, and are named where a language is missing', async (t) => {
  const own = ['text_id', 'co2', 'mp4', 'sha1', '图片', 'is_valid', 'kind_of_caption']
  const file = await write(`image,en,${own.join()},split\nphotos/1.jpg,a dog,${own.map(() => 'x').join()},test\n`, 'own.csv')
  const corpus = await csvCorpus({ file })
  t.deepEqual([corpus.languages, corpus.setAside], [['en'], own])
  await throwsUserError(t, () => splitProtocol(corpus, 'test', 'zh'), { hint: /read as no language: text_id, co2, .*kind_of_caption/ })
})

const horse = Buffer.from([0xc2, 0xed])

test('text that is no UTF-8 is refused wherever it stands, with what it is instead', async (t) => {
  const gbk = Buffer.concat([Buffer.from('image,en,class,split\nphotos/1.jpg,a dog,d,test\nphotos/2.jpg,a horse,'), horse, Buffer.from(',test\n')])
  const file = await write(gbk, 'gbk.csv')
  await throwsUserError(t, () => csvCorpus({ file }), {
    where: `${file}:3`,
    expected: 'text in UTF-8',
    got: /they fit GBK: "photos\/2\.jpg,a horse,马,test"/,
  })
  const path = await write(Buffer.concat([Buffer.from('image,en\nphotos/'), horse, Buffer.from('.jpg,a dog\n')]), 'path.csv')
  await throwsUserError(t, () => csvCorpus({ file: path }), { where: `${path}:2`, got: /GBK/ })
  const lines = await write(
    Buffer.concat([Buffer.from('{"image":"photos/1.jpg","captions":{"en":"x"},"class":"'), horse, Buffer.from('"}\n')]),
    'a.jsonl',
  )
  await throwsUserError(t, () => jsonlCorpus({ file: lines }), { where: `${lines}:1`, got: /GBK/ })
  const latin = await write(Buffer.from('image,fr\nphotos/1.jpg,caf\xe9\n', 'latin1'), 'latin.csv')
  await throwsUserError(t, () => csvCorpus({ file: latin }), { where: `${latin}:2`, got: /fit Windows-1252: "photos\/1\.jpg,café"/ })
  for (const content of [Buffer.from('\ufeffimage,en\nphotos/1.jpg,a dog\n', 'utf16le'), Buffer.from('image,en\nphotos/1.jpg,a dog\n', 'utf16le')]) {
    const utf16 = await write(content, 'utf16.csv')
    await throwsUserError(t, () => csvCorpus({ file: utf16 }), { where: `${utf16}:1`, got: 'UTF-16' })
  }
  const nul = await write('image,en\nphotos/1.jpg,a dog\nphotos/2.jpg,a\0cat\n', 'nul.csv')
  await throwsUserError(t, () => csvCorpus({ file: nul }), { where: `${nul}:3`, got: 'a NUL byte' })
})

test('gzip is unpacked by its first bytes; half a file is refused', async (t) => {
  const packed = gzipSync(`image,en,split\n${Array.from({ length: 5 }, (_, i) => `photos/${i + 1}.jpg,number ${i},test`).join('\n')}\n`)
  t.is((await captionsIn(await write(packed, 'all.csv.gz'))).length, 5)
  const half = await write(packed.subarray(0, packed.length - 12), 'half.csv.gz')
  await throwsUserError(t, () => csvCorpus({ file: half }), { where: half, expected: 'gzip that is whole' })
  const lines = await write(gzipSync('{"image":"photos/1.jpg","captions":{"en":"x"}}\n'), 'all.jsonl.gz')
  t.deepEqual(await captionsIn(lines), [{ en: ['x'] }])
})

test('codes of countries are no languages, and what was typed is never suggested', async (t) => {
  const meant = { cn: 'zh', tw: 'zh-TW', jp: 'ja', kr: 'ko', cz: 'cs', ua: 'uk', dk: 'da', gr: 'el', vn: 'vi' }
  for (const [code, language] of Object.entries(meant)) {
    await throwsUserError(t, () => languageOf(code, '--languages'), { got: `"${code}"`, hint: new RegExp(`^Did you mean ${language} `) }, code)
    const file = await write(`image,en,${code},split\nphotos/1.jpg,a dog,x,test\n`, 'country.csv')
    await throwsUserError(t, () => csvCorpus({ file }), { where: `${file}:1`, hint: new RegExp(`Did you mean ${language} `) }, code)
  }
  t.is(languageOf('tw-GH', '--languages'), 'ak-GH')
  await throwsUserError(t, () => languageOf('en，zh', '--languages'), { hint: 'Separate languages by a plain comma: en,zh.' })
  const letters = 'abcdefghijklmnopqrstuvwxyz'
  for (const first of letters) {
    for (const second of letters) {
      try {
        languageOf(first + second, '--languages')
      } catch (error) {
        t.notRegex((error as Error).message, new RegExp(`Did you mean ${first}${second}\\b(?!-)`), first + second)
      }
    }
  }
})

test('regional columns are named where the plain languages are asked for', async (t) => {
  const corpus = await csvCorpus({ file: await write('image,en-US,zh-CN,split\nphotos/1.jpg,a dog,狗,train\n', 'regions.csv') })
  await throwsUserError(t, () => loadTrainingSet(corpus, 'train', ['en', 'zh']), { hint: /--languages en-US,zh-CN/ })
  await throwsUserError(t, () => splitProtocol(corpus, 'train', 'zh'), { hint: /--languages en-US,zh-CN/ })
})

test('cells that something else separates are named', async (t) => {
  const seen = {
    tabs: 'image\ten\tzh\nphotos/1.jpg\ta\tb\n',
    'full-width commas': 'image，en，zh\nphotos/1.jpg，a，b\n',
    semicolons: 'image;en\na;b\n',
  }
  for (const [name, content] of Object.entries(seen)) {
    const file = await write(content, 'separated.csv')
    await throwsUserError(t, () => csvCorpus({ file }), { where: `${file}:1`, got: new RegExp(`^${name} between columns`) }, name)
  }
  const tsv = await write('image,en\nphotos/1.jpg,a\n', 'commas.tsv')
  await throwsUserError(t, () => csvCorpus({ file: tsv }), { where: `${tsv}:1`, got: /^commas between columns/, hint: /\.csv/ })
})

test('a path that leads nowhere is met with what is there instead', async (t) => {
  const paths: [written: string, got: RegExp][] = [
    ['photos/がぞう é.jpg'.normalize('NFC'), /but photos\/.*differs in the Unicode form/],
    ['photos/1.JPG', /but photos\/1\.jpg, which differs in upper and lower case/],
    ['Photos/1.jpg', /but photos\/1\.jpg, which differs in upper and lower case/],
    ['photos\\1.jpg', /but photos\/1\.jpg, with slashes/],
    ['photos', /^a folder/],
    ['https://example.org/photos/1.jpg', /^an address/],
    ['photos/%E7%BA%A2%20%E8%89%B2%231%2050%25.jpg', /but photos\/红 色#1 50%\.jpg, without percent signs/],
    ['photos/9.jpg', /^no such file/],
  ]
  for (const [written, got] of paths) {
    const file = await write(`image,en\n${written},a dog\nphotos/2.jpg,a cat\n`, 'paths.csv')
    await throwsUserError(t, () => csvCorpus({ file }), { where: `${file}:2`, got }, written)
  }
  t.is((await captionsIn(await write('image,en\nphotos/红 色#1 50%.jpg,a dog\n', 'special.csv'))).length, 1)
})

test('null and [] in JSONL say that there is no caption', async (t) => {
  for (const none of ['null', '[]']) {
    const first = `{"image":"photos/1.jpg","captions":{"en":"a dog","zh":${none}},"split":"train"}`
    const file = await write(`${first}\n{"image":"photos/2.jpg","captions":{"en":"a cat","zh":"猫"},"split":"train"}\n`, 'none.jsonl')
    t.deepEqual(await captionsIn(file), [{ en: ['a dog'] }, { en: ['a cat'], zh: ['猫'] }])
    const { captions, texts, dropped, lacking } = await loadTrainingSet(await jsonlCorpus({ file }), 'train', ['en', 'zh'])
    t.deepEqual([captions.zh!.map((own) => own.map((text) => texts[text])), dropped, lacking], [[['a dog'], ['猫']], 0, { zh: 1 }])
  }
})
