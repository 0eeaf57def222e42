import { readFileSync } from 'node:fs'
import { UserError } from '../../base/errors.ts'

interface Box {
  left?: number
  top?: number
  width?: number
  height?: number
}
interface Icon extends Box {
  body: string
}

/** Nominal size of the drawings; whoever decodes them resizes, and SVG gives every size the same sharpness. */
const size = 256

/**
 * Reads an iconify `icons.json` and returns icon name → a function giving its SVG document.
 * @param names the icons wanted; names the set does not have are left out
 */
export function iconSvgs(path: string, names: Iterable<string>): Map<string, () => string> {
  const set = JSON.parse(readFileSync(path, 'utf8')) as Box & { icons?: Record<string, Icon> }
  if (!set.icons) {
    throw new UserError({ where: path, expected: 'an iconify set with "icons"', got: 'none', hint: 'Install the package again.' })
  }
  const svgs = new Map<string, () => string>()
  for (const name of names) {
    const icon = set.icons[name]
    if (icon) svgs.set(name, () => svg(icon, set))
  }
  return svgs
}

// Iconify's rule: an icon's own box wins over the set's, and 0, 0, 16, 16 stands where neither says anything.
function svg(icon: Icon, set: Box): string {
  const left = icon.left ?? set.left ?? 0
  const top = icon.top ?? set.top ?? 0
  const width = icon.width ?? set.width ?? 16
  const height = icon.height ?? set.height ?? 16
  const head = `xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${size}" height="${size}"`
  return `<svg ${head} viewBox="${left} ${top} ${width} ${height}">${icon.body}</svg>`
}
