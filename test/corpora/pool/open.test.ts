import { readdirSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { UserError } from '../../../base/errors.ts'
import { random } from '../../../base/random.ts'
import { compose } from '../../../corpora/pool/compose.ts'
import { heldOutWords } from '../../../corpora/pool/held-out.ts'
import { openPool, poolTexts } from '../../../corpora/pool/open.ts'
import { readRows } from '../../../corpora/pool/rows-file.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const data = fileURLToPath(new URL('../../../corpora/pool/data', import.meta.url))
const opened = openPool({ languages: ['en', 'zh', 'ja', 'de'], heldOut: heldOutWords() })

test('head words and texts: 30,000 and 100,000 in English and Chinese', async (t) => {
  const pool = await opened
  t.true(pool.hasCedict)
  const words = (language: string) => pool.sources.reduce((sum, { texts }) => sum + (texts[language] ?? 0), 0)
  const texts = poolTexts(pool)
  for (const language of ['en', 'zh']) {
    t.true(words(language) >= 40_000, `${language}: ${words(language)} words`)
    t.true(texts[language]!.length >= 100_000, `${language}: ${texts[language]!.length} texts`)
    t.is(new Set(texts[language]).size, texts[language]!.length)
  }
  t.true(pool.rows.filter(({ en, zh }) => en && zh).length >= 100_000)
  t.deepEqual(Object.keys(texts), ['en', 'zh', 'ja', 'de'])
})

test('no text holds a held-out name: 4,000 of them against every English and Chinese name, one by one', async (t) => {
  const pool = await opened
  const next = random(11)
  const { names } = heldOutWords()
  const english = names.filter(([language]) => language === 'en').map(([, name]) => name.toLowerCase().replace(/[^a-z0-9]+/g, ' '))
  const chinese = names.filter(([language, name]) => language === 'zh' && /^\p{Script=Han}{2,}$/u.test(name)).map(([, name]) => name)
  for (let i = 0; i < 4000; i++) {
    const { en, zh } = pool.rows[Math.floor(next() * pool.rows.length)]!
    const padded = ` ${(en ?? '').toLowerCase().replace(/[^a-z0-9]+/g, ' ')} `
    t.is(
      english.find((name) => padded.includes(` ${name} `)),
      undefined,
      en,
    )
    t.is(
      chinese.find((name) => zh?.includes(name)),
      undefined,
      zh,
    )
  }
})

test('a corpus that measures no names has a pool with all words', async (t) => {
  const all = poolTexts(await openPool({ languages: ['en', 'zh'], heldOut: undefined }))
  const ruled = poolTexts(await opened)
  for (const [language, words] of Object.entries({ en: ['woman', 'face', 'girl'], zh: ['女人', '男孩'] })) {
    const [known, kept] = [new Set(all[language]), new Set(ruled[language])]
    for (const word of words) t.deepEqual([known.has(word), kept.has(word)], [true, false], word)
    t.true(known.size > kept.size)
  }
})

test('every place in a pattern is filled, articles fit', async (t) => {
  const texts = poolTexts(await opened)
  for (const list of Object.values(texts)) for (const text of list) if (/[{}]/.test(text)) t.fail(text)
  const composed = compose(readRows('everyday'), Infinity, 1).flatMap(({ en }) => (en === undefined ? [] : [en]))
  const wrong = composed.filter((text) => /\ba [aeio]\w+ (on|in) the\b|\ban [bcdfgjklpqtvwz]/.test(text))
  t.deepEqual(wrong, [])
})

test('compose: word, article, plural, second word; only the languages that both have', (t) => {
  const rows = compose(
    [
      { texts: { en: 'owl', zh: '猫头鹰' }, kind: 'animal' },
      { texts: { en: 'mouse' }, kind: 'animal' },
      { texts: { en: 'goes' }, kind: 'verb' },
    ],
    Infinity,
    1,
  )
  const english = rows.map(({ en }) => en)
  for (const text of ['a photo of an owl', 'two mice', 'a group of owls', 'an owl in the snow', 'hungry owl', 'baby mouse', 'an owl is running']) {
    t.true(english.includes(text), text)
  }
  t.is(rows.find(({ en }) => en === 'an owl in the snow')?.zh, '雪地里的猫头鹰')
  t.is(rows.find(({ en }) => en === 'a mouse in the snow')?.zh, undefined)
  t.false(english.some((text) => text?.includes('goes')))
  t.false(english.includes('an owl and an owl'))
  t.deepEqual(compose([{ texts: { en: 'owl' }, kind: 'animal' }], 5, 1), compose([{ texts: { en: 'owl' }, kind: 'animal' }], 5, 1))
  t.is(compose([{ texts: { en: 'owl' }, kind: 'animal' }], 5, 1).length <= 5, true)
})

test('what is committed: at most 3 MB, nothing of CC-CEDICT', (t) => {
  const files = readdirSync(data)
  t.deepEqual(files.toSorted(), [
    'everyday.tsv',
    'held-out.tsv',
    'icon-park.tsv',
    'imagenet-classes.tsv',
    'osm-terms.tsv',
    'osm.tsv',
    'patterns.tsv',
    'phrasing.tsv',
    'wordnet.tsv',
  ])
  t.true(files.reduce((sum, file) => sum + statSync(join(data, file)).size, 0) <= 3e6)
  t.true(readRows('wordnet').every(({ texts }) => Object.keys(texts).join() === 'en'))
})

test("a user's files: their texts, the rule and duplicates counted", async (t) => {
  const folder = await temporaryFolder(t)
  const lines = join(folder, 'mine.de.txt')
  await writeFile(lines, 'Zirkuszelt im Regen\r\n\r\nZirkuszelt im Regen\nGitarre\n')
  const table = join(folder, 'pairs.tsv')
  await writeFile(table, 'en\tde\nmy blue guitar\tmein blauer Kahn\nmy own teapot lid\tmein Teekannendeckel\n')
  const pool = await openPool({ languages: ['en', 'de'], heldOut: heldOutWords(), files: [lines, table] })
  const [first, second] = pool.sources.slice(-2)
  t.like(first, { name: lines, rows: 1, duplicates: 1, dropped: { name: 1 }, texts: { de: 1 } })
  t.like(second, { name: table, rows: 2, dropped: { 'contains a name': 1 }, texts: { en: 1, de: 2 } })
  t.deepEqual(pool.rows.slice(-2), [{ de: 'mein blauer Kahn' }, { en: 'my own teapot lid', de: 'mein Teekannendeckel' }])
})

const bad: [string, string, string | Uint8Array | undefined, Partial<UserError['fields']>][] = [
  ['missing', 'none.en.txt', undefined, { got: 'no such file' }],
  ['empty', 'empty.en.txt', ' \n', { got: 'an empty file' }],
  ['binary', 'image.en.txt', new Uint8Array([137, 80, 0, 3]), { got: 'a binary file, or text in UTF-16' }],
  ['not UTF-8', 'gbk.zh.txt', new Uint8Array([0xb9, 0xb7, 0x0a]), { got: 'bytes that are not UTF-8' }],
  ['without a language', 'words.txt', 'dog\n', { expected: 'the language in the name, as in words.en.txt' }],
  ['with an unknown language', 'words.zj.txt', 'dog\n', { got: '"zj"' }],
  ['with an unknown column', 'words.tsv', 'en\tzj\ndog\t狗\n', { got: '"zj"' }],
  ['with images', 'pairs.csv', 'image,en\na.png,dog\n', { expected: 'a .txt, .csv, .tsv or .jsonl file of texts without images' }],
  ['of another kind', 'words.docx', 'dog', { expected: 'a .txt, .csv, .tsv or .jsonl file of texts without images' }],
  ['in languages that are not trained', 'words.fr.txt', 'chien\n', { got: 'fr' }],
]
for (const [what, name, content, fields] of bad) {
  test(`refused: a file ${what}`, async (t) => {
    const file = join(await temporaryFolder(t), name)
    if (content !== undefined) await writeFile(file, content)
    const error = await t.throwsAsync(openPool({ languages: ['en', 'zh'], heldOut: undefined, files: [file] }), { instanceOf: UserError })
    t.like(error?.fields, fields)
    t.true(error!.fields.where.startsWith(file))
  })
}
