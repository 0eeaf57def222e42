import { readFileSync } from 'node:fs'
import test from 'ava'
import sharp from 'sharp'
import { concepts, conceptsOf } from '../../corpora/emoji/concepts.ts'
import { drawingsOf, isInstalled, onePerConcept, requireStyles } from '../../corpora/emoji/drawings.ts'
import { extractIcons } from '../../corpora/emoji/extract-icons.ts'
import { extractText, formatText } from '../../corpora/emoji/extract-text.ts'
import { packageFile } from '../../corpora/emoji/packages.ts'
import { pixelReferences } from '../../corpora/emoji/references.ts'
import { type StyleName, styles } from '../../corpora/emoji/styles.ts'
import { emojiLanguages } from '../../corpora/emoji/text.ts'
import { throwsUserError } from '../user-error.ts'

const committed = (name: string) => readFileSync(new URL(`../../corpora/emoji/${name}`, import.meta.url), 'utf8')

test('text.json is what the installed packages say', (t) => {
  t.true(formatText(extractText()) === committed('text.json'), 'run: node --import=./build/typescript.mjs corpora/emoji/extract-text.ts')
})

test('icons.json is what the installed packages say', (t) => {
  t.deepEqual(JSON.parse(committed('icons.json')), extractIcons())
})

test('concepts and their splits', (t) => {
  const all = [...concepts().values()]
  t.is(all.length, 1914)
  t.is(all.filter(({ isFlag }) => !isFlag).length, 1644)
  t.deepEqual(
    (['train', 'val', 'test', 'reserve'] as const).map((split) => conceptsOf(split).length),
    [1194, 100, 200, 150],
  )
  t.true(all.every(({ isFlag, split }) => isFlag === (split === undefined)))
  t.is(emojiLanguages().length, 13)
})

// noto-v1 has three concepts fewer than its names would give (a revolver, spirals for crossed eyes, blue marks for red ones);
// emojione and monotone have six more than a lookup without aliases finds (cats, blood types).
const counts: Partial<Record<StyleName, number>> = {
  twemoji: 1644,
  noto: 1644,
  'noto-v1': 1213,
  'fluent-flat': 1586,
  'fluent-high-contrast': 1586,
  'fluent-3d': 1599,
  emojione: 1105,
  'emojione-monotone': 1102,
  openmoji: 1644,
  streamline: 555,
}

for (const [style, count] of Object.entries(counts) as [StyleName, number][]) {
  test(`${style} draws ${count} concepts`, async (t) => {
    const drawings = await drawingsOf(style)
    t.is((await onePerConcept(style)).size, count)
    t.is(new Set(drawings.map(({ source }) => source.key)).size, drawings.length, 'keys are unique')
    t.deepEqual(
      drawings.map(({ name }) => name),
      drawings.map(({ name }) => name).sort(),
    )
    const { version } = JSON.parse(readFileSync(packageFile(styles[style].package, 'package.json'), 'utf8'))
    t.true(drawings.every(({ source }) => source.fingerprint === version))
  })
}

test('a few names lead to the right concept', async (t) => {
  const expected: [StyleName, string, string][] = [
    ['noto-v1', 'direct-hit', '1f3af'],
    ['emojione', 'heavy-check-mark', '2714'],
    ['emojione', 'cat-face-with-wry-smile', '1f63c'],
    ['emojione-monotone', 'two-men-holding-hands', '1f46c'],
    ['streamline', 'cactus-1', '1f335'],
    ['emojione', 'flag-for-georgia', '1f1ec-1f1ea'],
    ['twemoji', 'dog-face', '1f436'],
  ]
  for (const [style, name, code] of expected) {
    t.is((await drawingsOf(style)).find((drawing) => drawing.name === name)?.concept, code, `${style}/${name}`)
  }
  t.false(
    (await drawingsOf('streamline')).some(({ name }) => name === 'turkey'),
    'a flag under a bird’s name',
  )
})

test('drawings are images sharp can decode', async (t) => {
  for (const style of Object.keys(counts) as StyleName[]) {
    const [drawing] = await drawingsOf(style)
    const { width, height } = await sharp(await drawing!.source.read()).metadata()
    t.is(width, 256, style)
    t.is(height, 256, style)
  }
})

test('the pixel baseline never sees a reserved or held-out drawing', async (t) => {
  const references = await pixelReferences()
  t.is(new Set(references.map(({ concept }) => concept)).size, 1194)
  t.true(references.every(({ role, concept }) => role === 'train' && concepts().get(concept)?.split === 'train'))
})

test('a missing package is named', async (t) => {
  const missing = () => packageFile('@iconify-json/nothing-of-the-kind', 'icons.json')
  await throwsUserError(t, missing, { hint: /npm install @iconify-json\/nothing-of-the-kind/ })
  t.true(isInstalled('twemoji'))
  if (isInstalled('openmoji-black')) return
  await throwsUserError(t, () => requireStyles(['twemoji', 'openmoji-black']), { hint: /npm install .*openmoji/ })
})
