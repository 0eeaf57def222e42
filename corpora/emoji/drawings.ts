import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import type { ImageSource } from '../sample.ts'
import { codeOf } from './code.ts'
import { concepts } from './concepts.ts'
import { iconSvgs } from './iconify.ts'
import { packageFile, packageFolder, packageJson } from './packages.ts'
import { type StyleName, type StyleRole, styles } from './styles.ts'
import { wordsIn } from './text.ts'

/** What the protocols of unseen phrasings read words from. */
const wordPackages = ['emojilib', 'emojibase-data', 'opencc-js', 'cldr-annotations-full', 'cldr-annotations-derived-full']

/** One vendor's picture of one concept. */
export interface Drawing {
  style: StyleName
  role: StyleRole
  /** Concept code, e.g. `1f436`. */
  concept: string
  /** The vendor's icon name; a style may have several drawings of one concept. */
  name: string
  /** CLDR short name in English. */
  label: string
  group: string
  subgroup: string
  isFlag: boolean
  source: ImageSource
}

const loaded = new Map<StyleName, Promise<Drawing[]>>()

/**
 * All drawings of one style, sorted by icon name, so that the first of a concept is its lowest name.
 * Throws UserError naming the npm package when it is not installed.
 */
export function drawingsOf(style: StyleName): Promise<Drawing[]> {
  let drawings = loaded.get(style)
  if (!drawings) {
    drawings = load(style)
    loaded.set(style, drawings)
    drawings.catch(() => loaded.delete(style)) // so that installing the package and asking again works
  }
  return drawings
}

/** concept code → its one drawing in `style`: the one with the lowest icon name; flags left out. */
export async function onePerConcept(style: StyleName): Promise<Map<string, Drawing>> {
  const first = new Map<string, Drawing>()
  for (const drawing of await drawingsOf(style)) {
    if (!drawing.isFlag && !first.has(drawing.concept)) first.set(drawing.concept, drawing)
  }
  return first
}

/** Whether the npm package of a style is there. */
export function isInstalled(style: StyleName): boolean {
  return packageFolder(styles[style].package) !== undefined
}

/**
 * Throws one UserError where a package of `needed` is missing. It names all that the corpus and its protocols lack, so that one npm
 * install mends it.
 */
export function requireStyles(needed: StyleName[]): void {
  const absent = needed.filter((style) => !isInstalled(style))
  if (absent.length === 0) return
  const drawn = (Object.keys(styles) as StyleName[]).filter((style) => !styles[style].optional || needed.includes(style))
  const packages = [...drawn.map((style) => styles[style].package), ...wordPackages]
  const missing = packages.filter((name) => packageFolder(name) === undefined)
  throw new UserError({
    where: 'emoji corpus',
    expected: `the drawings of ${absent.join(', ')}`,
    got: `${missing.length} missing npm packages`,
    hint: `Run: npm install ${missing.join(' ')}`,
  })
}

/** The styles with `role` that are drawn in every run; optional ones only where their package is installed. */
export function stylesWith(role: StyleRole): StyleName[] {
  const names = Object.keys(styles) as StyleName[]
  return names.filter((name) => styles[name].role === role && (!styles[name].optional || isInstalled(name)))
}

async function load(style: StyleName): Promise<Drawing[]> {
  requireStyles([style])
  const { kind, role, package: from } = styles[style]
  const found = kind === 'files' ? await fromFiles(style) : fromIcons(style)
  const known = concepts()
  const english = wordsIn('en')
  const { version } = packageJson<{ version: string }>(from, 'package.json') // another one may draw a thing anew
  const drawings: Drawing[] = []
  for (const { name, code, read } of found) {
    const concept = known.get(code)
    if (!concept) continue // skin tones, letters, vendors' own inventions
    const { group, subgroup, isFlag } = concept
    const source: ImageSource = { key: `${style}/${name}`, fingerprint: version, isOurs: true, read }
    drawings.push({ style, role, concept: code, name, label: english[code]![0]!, group, subgroup, isFlag, source })
  }
  return drawings.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

type Found = { name: string; code: string; read: () => Promise<Uint8Array> }

function fromIcons(style: StyleName): Found[] {
  const { package: name, kind } = styles[style]
  const codes = kind === 'chars' ? codesOfChars(name) : new Map(Object.entries(iconTable()[style] ?? {}))
  const svgs = iconSvgs(packageFile(name, 'icons.json'), codes.keys())
  return [...svgs].map(([icon, svg]) => ({
    name: icon,
    code: codes.get(icon)!,
    read: async () => Buffer.from(svg()),
  }))
}

/** icon name → code, from a set's chars.json; a vendor's private code points never replace a real one. */
function codesOfChars(name: string): Map<string, string> {
  const codes = new Map<string, string>()
  const known = concepts()
  for (const [written, icon] of Object.entries(packageJson<Record<string, string>>(name, 'chars.json'))) {
    const code = codeOf(written)
    if (known.has(code)) codes.set(icon, code)
  }
  return codes
}

async function fromFiles(style: StyleName): Promise<Found[]> {
  const { package: name, folder = '.', extension = '' } = styles[style]
  const path = packageFile(name, folder)
  const byCode = new Map<string, Found>()
  // Some packages hold the same picture twice, with and without fe0f or leading zeros in the name: the first is enough.
  for (const file of (await readdir(path)).sort()) {
    const icon = file.slice(0, -extension.length)
    if (!file.endsWith(extension) || byCode.has(codeOf(icon))) continue
    byCode.set(codeOf(icon), { name: icon, code: codeOf(icon), read: () => readDrawing(join(path, file), name) })
  }
  return [...byCode.values()]
}

async function readDrawing(path: string, name: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch {
    throw new UserError({
      where: path,
      expected: 'a drawing',
      got: 'no readable file',
      hint: `The package ${name} is damaged: run npm install ${name} again`,
    })
  }
}

let names: Record<string, Record<string, string>> | undefined

/** style → icon name → code for the sets that know icons by name only; extract-icons.ts builds the file. */
function iconTable(): Record<string, Record<string, string>> {
  names ??= JSON.parse(readFileSync(new URL('./icons.json', import.meta.url), 'utf8')) as Record<string, Record<string, string>>
  return names
}
