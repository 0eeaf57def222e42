/**
 * Builds corpora/emoji/text.json from the CLDR annotation packages and emojibase-data (all devDependencies):
 *
 *     node --import=./build/typescript.mjs corpora/emoji/extract-text.ts
 *
 * Run it after updating one of these packages; test/corpora/emoji-drawings.test.ts fails while the file is out of date.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeFileAtomic } from '../../base/disk.ts'
import { codeOf, codeOfEmoji } from './code.ts'
import { packageFile, packageJson } from './packages.ts'
import type { EmojiText } from './text.ts'

const languages = ['en', 'zh', 'ja', 'ko', 'de', 'fr', 'es', 'ru', 'ar', 'hi', 'vi', 'th', 'pt']
const componentGroup = 2 // skin tones and hair: parts of emoji, not pictures of something

interface Annotation {
  default?: string[]
  tts?: string[]
}
interface Messages {
  groups: { key: string; message: string }[]
  subgroups: { key: string; message: string }[]
}

/** Builds the text of every concept in every language from the installed packages. */
export function extractText(): EmojiText {
  const { groups, subgroups } = packageJson<{ groups: Record<string, string>; subgroups: Record<string, string> }>(
    'emojibase-data',
    'meta/groups.json',
  )
  const emoji = packageJson<{ hexcode: string; group?: number; subgroup?: number }[]>('emojibase-data', 'en/data.json')
  const text: EmojiText = { sources: versions(), concepts: {}, groups: {}, subgroups: {}, words: {} }
  for (const { hexcode, group, subgroup } of emoji) {
    // Regional letters have no group at all.
    if (group === undefined || subgroup === undefined || group === componentGroup) continue
    text.concepts[codeOf(hexcode)] = [groups[group]!, subgroups[subgroup]!]
  }
  for (const language of languages) {
    text.words[language] = words(language, Object.keys(text.concepts))
  }
  for (const folder of messageFolders()) {
    const messages = packageJson<Messages>('emojibase-data', `${folder}/messages.json`)
    const [language] = Intl.getCanonicalLocales(folder) as [string]
    text.groups[language] = Object.fromEntries(messages.groups.map(({ key, message }) => [key, message]))
    text.subgroups[language] = Object.fromEntries(messages.subgroups.map(({ key, message }) => [key, message]))
  }
  return text
}

/** Writes the text as JSON with one concept a line, so that a change of one word is a change of one line. */
export function formatText(text: EmojiText): string {
  const lines = Object.entries(text).map(([key, value]) => `${JSON.stringify(key)}:${block(value, key === 'words' ? 2 : 1)}`)
  return `{\n${lines.join(',\n')}\n}\n`
}

function block(value: object, depth: number): string {
  const lines = Object.entries(value).map(
    ([key, inner]) => `${JSON.stringify(key)}:${depth > 1 ? block(inner as object, depth - 1) : JSON.stringify(inner)}`,
  )
  return `{\n${lines.join(',\n')}\n}`
}

function words(language: string, codes: string[]): Record<string, string[]> {
  const plain = packageJson<{ annotations: { annotations: Record<string, Annotation> } }>(
    'cldr-annotations-full',
    `annotations/${language}/annotations.json`,
  ).annotations.annotations
  const derived = packageJson<{ annotationsDerived: { annotations: Record<string, Annotation> } }>(
    'cldr-annotations-derived-full',
    `annotationsDerived/${language}/annotations.json`,
  ).annotationsDerived.annotations
  const byCode = new Map<string, Annotation>()
  for (const table of [derived, plain]) for (const [emoji, entry] of Object.entries(table)) byCode.set(codeOfEmoji(emoji), entry)
  const found: Record<string, string[]> = {}
  for (const code of codes) {
    const entry = byCode.get(code)
    const name = entry?.tts?.[0]
    if (!name) continue // Hindi, for one, has no names yet for the newest emoji
    found[code] = [name, ...(entry.default ?? []).filter((keyword) => keyword !== name)]
  }
  return found
}

/** emojibase names groups in more languages than the corpus has, and in all of those but Arabic. */
function messageFolders(): string[] {
  const root = dirname(packageFile('emojibase-data', 'package.json'))
  return readdirSync(root)
    .filter((folder) => existsSync(join(root, folder, 'messages.json')))
    .toSorted()
}

function versions(): Record<string, string> {
  const names = ['cldr-annotations-full', 'cldr-annotations-derived-full', 'emojibase-data']
  return Object.fromEntries(names.map((name) => [name, packageJson<{ version: string }>(name, 'package.json').version]))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const target = fileURLToPath(new URL('./text.json', import.meta.url))
  const content = formatText(extractText())
  await writeFileAtomic(target, content)
  console.log(
    `${target}: ${Object.keys(JSON.parse(readFileSync(target, 'utf8')).concepts).length} concepts, ${(content.length / 1e6).toFixed(1)} M characters`,
  )
}
