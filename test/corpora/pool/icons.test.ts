import test from 'ava'
import sharp from 'sharp'
import { heldOutWords } from '../../../corpora/pool/held-out.ts'
import { iconSets } from '../../../corpora/pool/icon-sets.ts'
import { poolIcons } from '../../../corpora/pool/icons.ts'
import { heldOutRule } from '../../../corpora/pool/rule.ts'

const { samples, counts } = poolIcons()

test('thousands of pictures with names; all sets installed, none of emoji', (t) => {
  t.true(samples.length >= 7000, `${samples.length}`)
  t.is(counts.length, iconSets.length)
  t.is(
    counts.reduce((sum, { kept }) => sum + kept, 0),
    samples.length,
  )
  t.is(new Set(samples.map(({ id }) => id)).size, samples.length)
  t.true(counts.every(({ package: name, heldOut, kept }) => !/emoji|noto|flag|logo|streamline/.test(name) && heldOut > 0 && kept > 0))
  t.false(samples.some(({ id }) => /emoji|emoticon|smiley|flag/.test(id)))
  const toucan = samples.find(({ id }) => id === 'game-icons/toucan')
  t.deepEqual(toucan?.captions.en, ['toucan'])
  t.deepEqual(samples.find(({ id }) => id === 'marketeq/helicopter')?.captions, { en: ['helicopter'], zh: ['直升机'] })
})

test('no name is held out', (t) => {
  const rule = heldOutRule(heldOutWords())
  for (const { captions } of samples) {
    for (const [language, list] of Object.entries(captions)) for (const name of list) t.is(rule(name, language), undefined, name)
  }
})

test('every fiftieth is drawn: something on white, and tinted the same each time', async (t) => {
  for (const { id, image } of samples.filter((_, i) => i % 50 === 0)) {
    const svg = await image.read()
    t.deepEqual(svg, await image.read())
    const { channels } = await sharp(svg).resize(48, 48, { fit: 'contain' }).flatten({ background: '#fff' }).stats()
    t.true(
      channels.some(({ min }) => min < 215),
      id,
    )
  }
})
