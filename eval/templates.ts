import { templates as drawingTemplates } from '../corpora/emoji/templates.ts'
import { UserError } from '../engine/errors.ts'

/**
 * Sentences around a class name in photographs, `{}` its place. Articles and case endings that would have to agree with the name
 * are avoided, as in the emoji corpus' sentences.
 */
const photoTemplates: Record<string, readonly string[]> = {
  en: ['a photo of {}', 'a picture of {}', 'a close-up photo of {}', 'a blurry photo of {}', '{}'],
  zh: ['{}的照片', '一张{}的图片', '{}的特写照片', '一张模糊的{}的照片', '{}'],
  ja: ['{}の写真', '{}の画像', '{}のクローズアップ写真', '{}'],
  ko: ['{} 사진', '{}의 이미지', '{} 근접 사진', '{}'],
  de: ['Foto: {}', 'Bild: {}', 'Nahaufnahme: {}', '{}'],
  fr: ['photo : {}', 'image : {}', 'gros plan : {}', '{}'],
  es: ['foto: {}', 'imagen: {}', 'primer plano: {}', '{}'],
  ru: ['фото: {}', 'изображение: {}', 'крупный план: {}', '{}'],
  ar: ['صورة {}', 'صورة فوتوغرافية: {}', 'لقطة مقربة: {}', '{}'],
  hi: ['{} की तस्वीर', '{} का फ़ोटो', 'नज़दीकी तस्वीर: {}', '{}'],
  vi: ['ảnh chụp {}', 'hình ảnh {}', 'ảnh cận cảnh {}', '{}'],
  th: ['ภาพถ่าย{}', 'รูป{}', 'ภาพระยะใกล้ของ{}', '{}'],
  pt: ['foto: {}', 'imagem: {}', 'foto em close: {}', '{}'],
}

/** The same around what a drawing shows, in languages that emoji classes have names in and the corpus has no captions in. */
const moreDrawingTemplates: Record<string, readonly string[]> = {
  bn: ['আইকন: {}', 'আঁকা ছবি: {}', 'ইমোজি: {}'],
  da: ['ikon: {}', 'tegning: {}', 'emoji: {}'],
  et: ['ikoon: {}', 'joonistus: {}', 'emotikon: {}'],
  fi: ['kuvake: {}', 'piirros: {}', 'emoji: {}'],
  hu: ['ikon: {}', 'rajz: {}', 'emodzsi: {}'],
  it: ['icona: {}', 'disegno: {}', 'emoji: {}'],
  lt: ['piktograma: {}', 'piešinys: {}', 'jaustukas: {}'],
  ms: ['ikon: {}', 'lukisan: {}', 'emoji: {}'],
  nb: ['ikon: {}', 'tegning: {}', 'emoji: {}'],
  nl: ['icoon: {}', 'tekening: {}', 'emoji: {}'],
  pl: ['ikona: {}', 'rysunek: {}', 'emoji: {}'],
  sv: ['ikon: {}', 'teckning: {}', 'emoji: {}'],
  uk: ['значок: {}', 'малюнок: {}', 'емодзі: {}'],
}

/**
 * Prompt templates of a language for zero-shot classification; a regional code (`zh-TW`) that has none of its own takes its language's.
 * @param style `drawing` for icons and emoji, `photo` for photographs
 * @throws UserError for a language without templates
 */
export function zeroShotTemplates(language: string, style: 'drawing' | 'photo'): readonly string[] {
  const found = findTemplates(language, style)
  if (found) return found
  throw new UserError({
    where: 'zero-shot templates',
    expected: `a language with templates (${Object.keys(tables[style]).join(', ')})`,
    got: language,
    hint: 'Add templates for it in eval/templates.ts, or give your own.',
  })
}

/** zeroShotTemplates, or the bare class name for a language without templates: reports say how many there were. */
export function templatesOrName(language: string, style: 'drawing' | 'photo'): readonly string[] {
  return findTemplates(language, style) ?? ['{}']
}

const tables = { drawing: { ...drawingTemplates, ...moreDrawingTemplates }, photo: photoTemplates }

function findTemplates(language: string, style: 'drawing' | 'photo'): readonly string[] | undefined {
  const found = tables[style][language] ?? tables[style][new Intl.Locale(language).language]
  return found && (found.includes('{}') ? found : [...found, '{}'])
}
