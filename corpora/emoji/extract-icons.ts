/**
 * Builds corpora/emoji/icons.json: which concept an icon draws, for the sets that know their icons only by name
 * (noto-v1, emojione, emojione-monotone, streamline):
 *
 *     node --import=./build/typescript.mjs corpora/emoji/extract-icons.ts
 *
 * A name is looked up in one table of slugs, filled in priority order; what that table gets wrong was found by looking
 * at contact sheets and is mended below. Needs the devDependencies; the result is committed.
 */
import { fileURLToPath } from 'node:url'
import { writeFileAtomic } from '../../base/disk.ts'
import { codeOf, codeOfEmoji } from './code.ts'
import { type Concept, concepts } from './concepts.ts'
import { packageJson } from './packages.ts'
import { wordsIn } from './text.ts'

type IconSet = { icons: Record<string, unknown>; aliases?: Record<string, { parent: string; hFlip?: boolean }> }

/** style → icon name → concept code. */
export type IconTable = Record<string, Record<string, string>>

const mappedByName = {
  'noto-v1': '@iconify-json/noto-v1',
  emojione: '@iconify-json/emojione',
  'emojione-monotone': '@iconify-json/emojione-monotone',
  streamline: '@iconify-json/streamline-emojis',
}

/** Icons whose name says one thing and whose drawing another, found by looking. */
const wrongDrawings = new Set([
  // Revolvers; CLDR's concept is a water pistol.
  'noto-v1/pistol',
  'emojione/pistol',
  'emojione-monotone/pistol',
  'streamline/pistol',
  // A bare asterisk and an empty key; the keycaps have icons of their own.
  'noto-v1/asterisk',
  'noto-v1/keycap',
  'emojione/asterisk',
  'emojione-monotone/asterisk',
  'noto-v1/dizzy-face', // spirals; the concept is now called "face with crossed-out eyes"
  'noto-v1/exclamation-mark', // blue; the concept is red
  'noto-v1/question-mark',
  'streamline/anxious-face', // no sweat
  'streamline/champagne-glass-1', // one glass, not two that clink
  'streamline/champagne-glass-2',
  'streamline/ewe-1', // a ram's horns
  'streamline/ewe-2',
  'streamline/headphone', // one earbud
  'streamline/right-anger-bubble', // a round cloud, the same as its thought balloon
  'streamline/turkey', // the country's flag
])

/** Builds the table from the installed packages. */
export function extractIcons(): IconTable {
  const slugs = slugTable()
  const table: IconTable = {}
  for (const [style, name] of Object.entries(mappedByName)) {
    const icons = Object.keys(packageJson<IconSet>(name, 'icons.json').icons).sort()
    table[style] = {}
    for (const icon of icons) {
      if (wrongDrawings.has(`${style}/${icon}`)) continue
      // streamline numbers its variants: cactus-1, cactus-2.
      const concept = find(icon, slugs) ?? (style === 'streamline' ? find(icon.replace(/-\d+$/, ''), slugs) : undefined)
      if (concept) table[style][icon] = concept.code
    }
  }
  return table
}

function find(icon: string, slugs: Map<string, Concept>): Concept | undefined {
  const concept = slugs.get(icon)
  // "flag-for-georgia" must not end at something else that is called Georgia.
  return icon.startsWith('flag-for-') && !concept?.isFlag ? undefined : concept
}

function slugTable(): Map<string, Concept> {
  const known = concepts()
  const table = new Map<string, Concept>()
  const add = (slug: string, code: string) => {
    const concept = known.get(code)
    if (slug && concept && !table.has(slug)) table.set(slug, concept)
  }
  const sets = ['noto', 'twemoji', 'fluent-emoji-flat', 'openmoji']
  const chars = sets.map((set) => packageJson<Record<string, string>>(`@iconify-json/${set}`, 'chars.json'))
  for (const set of chars) for (const [written, name] of Object.entries(set)) add(name, codeOf(written))
  const labels = packageJson<{ hexcode: string; label: string }[]>('emojibase-data', 'en/data.json')
  for (const { hexcode, label } of labels) add(slugOf(label), codeOf(hexcode))
  for (const [code, [name]] of Object.entries(wordsIn('en'))) add(slugOf(name!), code)
  const unicode = packageJson<Record<string, { name: string }>>('unicode-emoji-json', 'data-by-emoji.json')
  for (const [emoji, { name }] of Object.entries(unicode)) add(slugOf(name), codeOfEmoji(emoji))
  for (const [i, set] of sets.entries()) {
    const codes = new Map(Object.entries(chars[i]!).map(([written, name]) => [name, codeOf(written)]))
    const { aliases = {} } = packageJson<IconSet>(`@iconify-json/${set}`, 'icons.json')
    for (const [alias, { parent, hFlip }] of Object.entries(aliases)) {
      if (!hFlip && codes.has(parent)) add(alias, codes.get(parent)!)
    }
  }
  for (const file of ['cldr', 'emojibase', 'github', 'iamcal', 'joypixels', 'emojibase-legacy']) {
    const shortcodes = packageJson<Record<string, string | string[]>>('emojibase-data', `en/shortcodes/${file}.json`)
    for (const [code, names] of Object.entries(shortcodes)) for (const name of [names].flat()) add(slugOf(name), codeOf(code))
  }
  return table
}

function slugOf(text: string): string {
  const ascii = text.toLowerCase().normalize('NFD').replace(/\p{M}/gu, '')
  return ascii
    .replace(/['’“”".!]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const target = fileURLToPath(new URL('./icons.json', import.meta.url))
  const table = extractIcons()
  await writeFileAtomic(target, `${JSON.stringify(table, null, 0).replace(/,"/g, ',\n"')}\n`)
  for (const [style, icons] of Object.entries(table)) console.log(style, Object.keys(icons).length, 'icons')
}
