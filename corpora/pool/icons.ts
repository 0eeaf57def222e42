import { readFileSync } from 'node:fs'
import { random } from '../../base/random.ts'
import { iconSvgs } from '../emoji/iconify.ts'
import { packageFile, packageJson } from '../emoji/packages.ts'
import type { Language, Sample } from '../sample.ts'
import { heldOutWords } from './held-out.ts'
import { iconParkRows } from './icon-park.ts'
import { emptyAtFirst, type IconSet, iconSets, notPictured } from './icon-sets.ts'
import { imagenetClasses } from './imagenet.ts'
import type { PoolRow } from './row.ts'
import { readRows } from './rows-file.ts'
import { type Dropped, heldOutRule } from './rule.ts'

/** What became of one set. */
export interface IconCounts {
  package: string
  licence: string
  icons: number
  kept: number
  /** Icons with a name that the rule of held-out words drops. */
  heldOut: number
}

/** Strong colours for sets of one colour. */
const tints = ['#1d3557', '#c1121f', '#2a9d8f', '#e76f51', '#6a4c93', '#386641', '#bc6c25', '#0077b6', '#d81159', '#4a4e69', '#b8860b', '#000000']

/**
 * Returns pictures of open icon sets with their English names, cleaned from the icons' own, and Chinese ones where a list of the pool has
 * the word. One icon a name and set; none whose name the rule of held-out words drops.
 * Throws UserError when a set is not installed.
 * @param rows of the pool: more Chinese names, where a row has the English one
 */
export function poolIcons(rows: PoolRow[] = []): { samples: Sample[]; counts: IconCounts[] } {
  const rule = heldOutRule(heldOutWords())
  const chinese = chineseNames(rows)
  const english = englishWords()
  const samples: Sample[] = []
  const counts: IconCounts[] = []
  for (const set of iconSets) {
    const { icons, kept, heldOut } = readSet(set, { rule, chinese, english })
    samples.push(...kept)
    counts.push({ package: set.package, licence: set.licence, icons, kept: kept.length, heldOut })
  }
  return { samples, counts }
}

function readSet(
  set: IconSet,
  words: {
    rule: (text: string, language: Language) => Dropped | undefined
    chinese: ReadonlyMap<string, string>
    english: ReadonlySet<string>
  },
): { icons: number; kept: Sample[]; heldOut: number } {
  const { rule, chinese, english } = words
  const path = packageFile(set.package, 'icons.json')
  const { version } = packageJson<{ version: string }>(set.package, 'package.json')
  const all = Object.keys((JSON.parse(readFileSync(path, 'utf8')) as { icons: Record<string, unknown> }).icons)
  const byName = new Map<string, string>()
  for (const icon of all) {
    const name = pictured(set.names.exec(icon)?.[1], set.onlyWords ? english : undefined)
    if (name !== undefined && !emptyAtFirst.has(icon) && !byName.has(name)) byName.set(name, icon)
  }
  const kept: Sample[] = []
  let heldOut = 0
  const svgs = iconSvgs(path, byName.values())
  for (const [name, icon] of byName) {
    const zh = chinese.get(name)
    if (rule(name, 'en') || (zh !== undefined && rule(zh, 'zh'))) {
      heldOut++
      continue
    }
    const key = `${set.package.replace(/^@[^/]+\//, '')}/${icon}`
    const svg = svgs.get(icon)!
    kept.push({
      id: key,
      captions: { en: [name], ...(zh === undefined ? {} : { zh: [zh] }) },
      classId: name,
      group: set.package,
      image: { key, fingerprint: version, isOurs: true, read: async () => new TextEncoder().encode(set.oneColour ? tinted(svg(), key) : svg()) },
    })
  }
  return { icons: all.length, kept, heldOut }
}

/** `fire-truck` → `fire truck`; undefined for what belongs to a user interface, for brands and misspelt words. */
function pictured(slug: string | undefined, english?: ReadonlySet<string>): string | undefined {
  const words = slug?.split('-').filter((word) => word !== '') ?? []
  if (
    words.length === 0 ||
    words.length > 4 ||
    words.some((word) => notPictured.has(word) || /^\d|^[a-z]$/.test(word) || english?.has(word) === false)
  )
    return undefined
  return words.join(' ')
}

function tinted(svg: string, key: string): string {
  const next = random(...new TextEncoder().encode(key))
  return svg.replace('<svg ', `<svg color="${tints[Math.floor(next() * tints.length)]}" `)
}

/** Words of WordNet's lemmas and glosses and of the other lists, with regular plurals. */
function englishWords(): Set<string> {
  const words = new Set<string>()
  for (const { texts } of [...readRows('wordnet'), ...readRows('everyday'), ...readRows('osm')]) {
    for (const word of texts.en?.toLowerCase().match(/[a-z]{2,}/g) ?? []) words.add(word).add(`${word}s`)
  }
  return words
}

/** English name → Chinese, of IconPark, the everyday words and ImageNet's classes; then of `rows`, where a name has one translation there. */
function chineseNames(rows: PoolRow[]): Map<string, string> {
  const pairs: [string | undefined, string | undefined][] = [
    ...readRows('everyday').map(({ texts }): [string | undefined, string | undefined] => [texts.en, texts.zh]),
    ...imagenetClasses().map(({ names }): [string | undefined, string | undefined] => [names.en?.[0], names.zh?.[0]]),
    ...iconParkRows().map(({ texts }): [string | undefined, string | undefined] => [texts.en, texts.zh]),
  ]
  const names = new Map<string, string>()
  for (const [en, zh] of pairs) if (en !== undefined && zh !== undefined && !names.has(en.toLowerCase())) names.set(en.toLowerCase(), zh)
  const translations = new Map<string, Set<string>>()
  for (const { en, zh } of rows) if (en !== undefined && zh !== undefined) translations.set(en, (translations.get(en) ?? new Set()).add(zh))
  for (const [en, [zh, ...more]] of translations) if (more.length === 0 && !names.has(en)) names.set(en, zh!)
  return names
}
