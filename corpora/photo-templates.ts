import type { Language } from './sample.ts'

/**
 * Sentences around a class name in photographs, `{}` its place. Articles and case endings that would have to agree with the name
 * are avoided, as in the emoji corpus' sentences.
 */
export const photoTemplates: Record<Language, readonly string[]> = {
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
