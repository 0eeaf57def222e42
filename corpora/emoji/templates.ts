import type { Language } from '../sample.ts'

/**
 * Sentences around a short name, `{}` its place. They avoid articles and case endings that would have to agree
 * with the name.
 */
export const templates: Record<Language, string[]> = {
  en: ['an icon of {}', 'a drawing of {}', '{} emoji', 'a small picture: {}', '{}, simple illustration'],
  zh: ['{}的图标', '{}的图画', '{}表情符号', '一张小图：{}', '{}的简单插图'],
  ja: ['{}のアイコン', '{}のイラスト', '{}の絵文字'],
  ko: ['{} 아이콘', '{} 그림', '{} 이모티콘'],
  de: ['Symbol: {}', 'Zeichnung: {}', '{} als Emoji'],
  fr: ['icône : {}', 'dessin : {}', 'émoji {}'],
  es: ['icono: {}', 'dibujo: {}', 'emoji de {}'],
  ru: ['значок: {}', 'рисунок: {}', 'эмодзи «{}»'],
  ar: ['أيقونة {}', 'رسم {}', 'رمز تعبيري: {}'],
  hi: ['{} का चित्र', '{} का आइकन', 'इमोजी: {}'],
  vi: ['biểu tượng {}', 'hình vẽ {}', 'biểu tượng cảm xúc {}'],
  th: ['ไอคอน{}', 'ภาพวาด{}', 'อีโมจิ{}'],
  pt: ['ícone: {}', 'desenho: {}', 'emoji de {}'],
}

/** What stands between two keywords of one caption. */
export const separators: Record<Language, string> = { zh: '、', ja: '、', ar: '، ' }

/** The same around the name of a class, which has names in more languages than the corpus has captions. */
export const classTemplates: Record<Language, readonly string[]> = {
  ...templates,
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
