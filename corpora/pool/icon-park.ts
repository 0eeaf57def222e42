import { packageJson } from '../emoji/packages.ts'
import type { WordRow } from './row.ts'

interface Icon {
  title: string
  name: string
  category: string
  tag: string[]
}

/**
 * Returns IconPark's icons (package @icon-park/svg) as English and Chinese names side by side, then their Chinese tags. Numbers that
 * tell variants apart are taken off: `branch-two`, 分支2. Emoji are left out. Throws UserError when the package is not installed.
 */
export function iconParkRows(): WordRow[] {
  const icons = packageJson<Icon[]>('@icon-park/svg', 'icons.json').filter(({ category }) => category !== 'Emoji')
  const names = icons.map(({ name, title }) => ({ texts: { en: iconParkName(name), zh: title.replace(/[\s\d一二三四五-]*$/u, '').trim() } }))
  const tags = icons.flatMap(({ tag }) => tag.map((text) => text.trim()))
  return [
    ...names.filter(({ texts }) => texts.en !== '' && isChinese(texts.zh)),
    ...[...new Set(tags)].filter(isChinese).map((zh) => ({ texts: { zh } })),
  ]
}

/** `branch-two` → `branch`. */
export function iconParkName(slug: string): string {
  return slug.replaceAll('-', ' ').replace(/( (one|two|three|four|five|six|seven|eight|nine|ten|[a-z]|\d+))+$/, '')
}

function isChinese(text: string): boolean {
  return /^[\p{Script=Han}]{1,8}$/u.test(text)
}
