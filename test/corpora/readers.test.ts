import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { parquetWriteFile } from 'hyparquet-writer'
import sharp from 'sharp'
import { openCorpus } from '../../corpora/open.ts'
import type { Sample } from '../../corpora/sample.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'
import { blue, colours, contents, fails, folderOf, lime, pictures, red } from './places.ts'

async function chineseClipFiles() {
  const [one, two, three] = await pictures
  const urlSafe = two!.toString('base64').replaceAll('+', '-').replaceAll('/', '_')
  return {
    'train_imgs.tsv': `1001\t${one!.toString('base64')}\n1002\t${urlSafe}\n`,
    'train_texts.jsonl': '{"text_id": 1, "text": "红", "image_ids": [1001]}\n{"text_id": 2, "text": "颜色", "image_ids": ["1001", 1002]}\n',
    'valid_imgs.tsv': `7\t${three!.toString('base64')}`,
    'valid_queries.jsonl': '{"query_id": 8426, "query_text": "蓝", "item_ids": [7]}\n',
  }
}

test('Chinese-CLIP and MUGE: ids as numbers and strings, both alphabets of base64', async (t) => {
  t.deepEqual(await contents(await folderOf(t, await chineseClipFiles())), {
    train: [
      ['1001', { zh: ['红', '颜色'] }, red],
      ['1002', { zh: ['颜色'] }, lime],
    ],
    val: [['7', { zh: ['蓝'] }, blue]],
  })
})

test('Chinese-CLIP: an image without texts has no captions, across the borders of read blocks', async (t) => {
  const large = Buffer.alloc(1 << 20, 7).toString('base64') // longer than a block of the file
  const files = { 'train_imgs.tsv': `1\t${large}\n22\t${(await pictures)[0]!.toString('base64')}\r\n`, 'train_texts.jsonl': '' }
  const { corpus } = await openCorpus(await folderOf(t, { ...files, 'train_texts.jsonl': '{"text": "x", "image_ids": [22]}' }))
  const samples: Sample[] = []
  for await (const sample of corpus.samples('train')) samples.push(sample)
  t.deepEqual(
    samples.map(({ id, captions }) => [id, captions]),
    [
      ['22', { zh: ['x'] }],
      ['1', {}],
    ],
  )
  t.deepEqual(Buffer.from(await samples[1]!.image.read()), Buffer.alloc(1 << 20, 7))
  t.is((await sharp(await samples[0]!.image.read()).metadata()).width, 8)
})

test('Chinese-CLIP: malformed files', async (t) => {
  const good = await chineseClipFiles()
  const bad: [name: keyof typeof good, content: string, expected: object][] = [
    ['train_imgs.tsv', '1001 AAAA\n', { where: /train_imgs\.tsv:1$/, got: 'no tab' }],
    ['train_imgs.tsv', '1001\tAAAA\n1001\tAAAA\n', { where: /train_imgs\.tsv:2$/, got: /id 1001 again, as in line 1/ }],
    ['train_texts.jsonl', '{"text_id": 1, "text": "红", "image_ids": [9]}\n', { where: /train_texts\.jsonl:1$/, got: 'no such id' }],
    ['train_texts.jsonl', '\n{"text_id": 1, "text": "红"}\n', { where: /train_texts\.jsonl:2$/ }],
    ['valid_queries.jsonl', '{"query_id": 1, "query_text": "红"}\n', { where: /valid_queries\.jsonl:1$/, got: 'no image' }],
    ['train_texts.jsonl', '{"text_id": 1, \n', { where: /train_texts\.jsonl:1$/ }],
  ]
  for (const [name, content, expected] of bad) await fails(t, await folderOf(t, { ...good, [name]: content }), expected)
  const { 'train_texts.jsonl': _, ...less } = good
  await fails(t, await folderOf(t, less), { expected: /train_texts\.jsonl/ })
  const { corpus } = await openCorpus(await folderOf(t, { ...good, 'valid_imgs.tsv': '7\tno base64!\n' }))
  for await (const { image } of corpus.samples('val')) await throwsUserError(t, () => image.read(), { where: /valid_imgs\.tsv:1$/ })
})

test('lists of captions: language tags, word tags, lists of splits', async (t) => {
  const [one, two] = await pictures
  const images = { 'a.jpg': one!, 'COCO_val2014_000000217153.jpg': two! }
  const list = 'a.jpg#zhc#0 一:m 只:q 狗:n\na.jpg#zhm#1 小狗\na.jpg#enc#0 a dog\nCOCO_val2014_000000217153#0\t雪地里的猫\n'
  const dir = await folderOf(t, { ...images, 'captions.txt': list, 'x_train.txt': 'a\n', 'x_test.txt': 'COCO_val2014_000000217153\n' })
  t.deepEqual(await contents(join(dir, 'captions.txt')), {
    train: [['a.jpg', { zh: ['一只狗', '小狗'], en: ['a dog'] }, red]],
    test: [['COCO_val2014_000000217153.jpg', { zh: ['雪地里的猫'] }, lime]],
  })
  const english = await folderOf(t, { 'a.jpg': one!, 'captions.txt': 'a.jpg#0\ta red square\n' })
  await fails(t, join(english, 'captions.txt'), { where: /captions\.txt:1$/, got: 'none named' })
  t.deepEqual(Object.values(await contents(join(english, 'captions.txt'), { captionLanguage: 'en' })), [[['a.jpg', { en: ['a red square'] }, red]]])
  const broken = await folderOf(t, { 'a.jpg': one!, 'captions.txt': 'a.jpg#0 狗\na.jpg 狗\n' })
  await fails(t, join(broken, 'captions.txt'), { where: /captions\.txt:2$/ })
})

test('COCO captions and Karpathy’s splits', async (t) => {
  const [one, two] = await pictures
  const images = [1, 2].map((id) => ({ id, file_name: `${id}.png` }))
  const annotations = ['a square', 'red'].map((caption) => ({ image_id: 1, caption }))
  const karpathy = { images: [{ filepath: 'p', filename: '1.png', split: 'restval', sentences: [{ raw: 'red' }] }] }
  const files = { '1.png': one!, '2.png': two!, 'p/1.png': one!, 'captions_val2017.json': JSON.stringify({ images, annotations }) }
  const dir = await folderOf(t, { ...files, 'dataset.json': JSON.stringify(karpathy) })
  t.deepEqual(await contents(join(dir, 'captions_val2017.json'), { captionLanguage: 'en' }), {
    val: [
      ['1.png', { en: ['a square', 'red'] }, red],
      ['2.png', {}, lime],
    ],
  })
  t.deepEqual(await contents(join(dir, 'dataset.json'), { captionLanguage: 'en' }), { train: [['p/1.png', { en: ['red'] }, red]] })
  await fails(t, join(dir, 'dataset.json'), { got: 'none named' })
  for (const [name, content, expected] of [
    ['a.json', '{"images": [', { expected: 'JSON' }],
    ['b.json', '{"images": []}', { expected: /COCO captions/ }],
    ['c.json', JSON.stringify({ images, annotations: [{ image_id: 9, caption: 'x' }] }), { where: /annotation 0/, got: 'no such id' }],
  ] as const) {
    await writeFile(join(dir, name), content)
    await fails(t, join(dir, name), expected, { captionLanguage: 'en' })
  }
})

test('parquet: a folder with data/, captions in lists, row groups', async (t) => {
  const all = await pictures
  const dir = await temporaryFolder(t)
  await mkdir(join(dir, 'data'))
  const write = (name: string, more: { name: string; data: unknown[] }[] = []) =>
    parquetWriteFile({
      filename: join(dir, 'data', name),
      rowGroupSize: 2,
      columnData: [{ name: 'image', data: all.map((bytes) => new Uint8Array(bytes)), type: 'BYTE_ARRAY' }, { name: 'en', data: colours }, ...more],
    })
  write('train-00000-of-00001.parquet')
  const { train } = await contents(dir)
  t.deepEqual(train!.map(([, captions, rgb]) => [captions, rgb]).slice(0, 3), [
    [{ en: ['red'] }, red],
    [{ en: ['lime'] }, lime],
    [{ en: ['blue'] }, blue],
  ])
  write('train-00000-of-00001.parquet', [{ name: 'text', data: colours }])
  await fails(t, dir, { where: /row 1$/, got: 'none named' })
  t.deepEqual((await contents(dir, { captionLanguage: 'de' })).train![3]![1], { en: ['gold'], de: ['gold'] })
  const file = join(dir, 'data', 'train-00000-of-00001.parquet')
  await writeFile(file, (await readFile(file)).subarray(0, 300))
  await fails(t, file, { expected: 'a parquet file that is whole' })
})

test('imagefolder: metadata in the folder or in its splits', async (t) => {
  const [one, two] = await pictures
  const files = { 'train/1.png': one!, 'test/2.png': two!, 'train/metadata.jsonl': '{"file_name": "1.png", "text": ["red", "a square"]}\n' }
  const dir = await folderOf(t, { ...files, 'test/metadata.csv': 'file_name,text\n2.png,lime\n' })
  t.deepEqual(await contents(dir, { captionLanguage: 'en' }), {
    train: [['train/1.png', { en: ['red', 'a square'] }, red]],
    test: [['test/2.png', { en: ['lime'] }, lime]],
  })
  const beside = await folderOf(t, { 'data/1.png': one!, 'metadata.csv': 'file_name,en,split\ndata/1.png,red,test\n' })
  t.deepEqual(await contents(beside), { test: [['data/1.png', { en: ['red'] }, red]] })
  await fails(t, dir, { got: 'none named' })
  await fails(t, await folderOf(t, { ...files, 'train/metadata.jsonl': '{"text": "red"}\n' }), { where: /metadata\.jsonl:1$/, expected: /file_name/ })
  await fails(t, await folderOf(t, { 'train/1.png': one! }), { expected: /metadata/ })
})

test("open_clip's table: filepath and title, of the language that is named", async (t) => {
  const dir = await folderOf(t, {
    '1.png': (await pictures)[0]!,
    'pairs.tsv': 'filepath\ttitle\n1.png\tred\n',
    'wide.csv': 'filename,en,title\n1.png,red,Red\n',
  })
  await fails(t, join(dir, 'pairs.tsv'), { where: /pairs\.tsv:1$/, expected: /captions in "title"/, hint: /--caption-language/ })
  t.deepEqual(Object.values(await contents(join(dir, 'pairs.tsv'), { captionLanguage: 'en' })), [[['1.png', { en: ['red'] }, red]]])
  t.deepEqual(Object.values(await contents(join(dir, 'wide.csv'))), [[['1.png', { en: ['red'] }, red]]])
})

test('what no reader takes is refused with the formats', async (t) => {
  await fails(t, await folderOf(t, { 'a.bin': '' }), { expected: /WebDataset, Chinese-CLIP, parquet/ })
  await fails(t, '/nowhere/captions.csv', { got: /which is not there/ })
})
