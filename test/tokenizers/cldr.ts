import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'

const SOURCES = [
  { file: 'cldr-annotations-full/annotations', root: 'annotations' },
  { file: 'cldr-annotations-derived-full/annotationsDerived', root: 'annotationsDerived' },
] as const

export const LANGUAGES = ['en', 'zh', 'ja', 'ko', 'de', 'fr', 'es', 'ru', 'ar', 'hi', 'vi', 'th', 'pt'] as const

export type CldrCaption = { concept: string; text: string }
type Entry = { tts?: string[]; default?: string[] }
type Annotations = Partial<Record<'annotations' | 'annotationsDerived', { annotations: Record<string, Entry> }>>

/** Every short name and keyword that CLDR has for symbols and emoji in one language, in CLDR's order. */
export async function cldrCaptions(language: string): Promise<CldrCaption[]> {
  const captions: CldrCaption[] = []
  for (const { file, root } of SOURCES) {
    const path = createRequire(import.meta.url).resolve(`${file}/${language}/annotations.json`)
    const json = JSON.parse(await readFile(path, 'utf8')) as Annotations
    for (const [concept, { tts = [], default: keywords = [] }] of Object.entries(json[root]?.annotations ?? {})) {
      for (const text of [...tts, ...keywords]) captions.push({ concept, text })
    }
  }
  return captions
}

/** `count` captions of one language, spread evenly over all of them. */
export async function sampleCaptions(language: string, count: number): Promise<string[]> {
  const texts = [...new Set((await cldrCaptions(language)).map((caption) => caption.text))]
  const step = texts.length / count
  return step <= 1 ? texts : Array.from({ length: count }, (_, i) => texts[Math.floor(i * step)]!)
}
