import { templates as drawingTemplates } from '../corpora/emoji/templates.ts'

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
 * Prompt templates of a language for zero-shot classification; a regional code (`zh-TW`) that has none of its own takes its language's. The bare
 * class name `{}` is always among them, and alone for a language without templates: reports say how many there were.
 * @param style `drawing` for icons and emoji, `photo` for photographs
 */
export function zeroShotTemplates(language: string, style: 'drawing' | 'photo'): readonly string[] {
  const found = tables[style][language] ?? tables[style][new Intl.Locale(language).language] ?? []
  return found.includes('{}') ? found : [...found, '{}']
}

const tables: Record<'drawing' | 'photo', Record<string, readonly string[]>> = {
  drawing: { ...drawingTemplates, ...moreDrawingTemplates },
  photo: photoTemplates,
}
