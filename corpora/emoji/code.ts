/**
 * Code points of an emoji as this corpus writes them everywhere: lower-case hex joined by `-`, no leading zeros,
 * without the presentation selectors fe0f and fe0e, which vendors add or drop at will.
 * @param written hex code points joined by `-`, `_` or spaces, as in file names and chars.json
 */
export function codeOf(written: string): string {
  return written
    .toLowerCase()
    .split(/[-_ ]/)
    .map((part) => part.replace(/^0+(?=.)/, ''))
    .filter((part) => part !== 'fe0f' && part !== 'fe0e')
    .join('-')
}

/** The code of an emoji given as characters, e.g. `🐶` → `1f436`. */
export function codeOfEmoji(emoji: string): string {
  return codeOf([...emoji].map((character) => character.codePointAt(0)!.toString(16)).join('-'))
}
