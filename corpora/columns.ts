import { distance } from 'fastest-levenshtein'
import { UserError } from '../base/errors.ts'
import { looksLikeLanguage } from './caption-column.ts'

/** Columns that mean something here. */
export const plainColumns = ['image', 'split', 'class', 'group', 'language', 'caption']

/**
 * Whether a column that means nothing here is the manifest's own, to be kept by its name (`--class-column NAME`), and not a language.
 * @throws UserError for a name that is nearly one of those with a meaning: data must not get lost by a typing error
 */
export function isOwnColumn(name: string, where: string): boolean {
  const lower = name.toLowerCase()
  const single = lower.replace(/[-_. ]?\d+$/, '') // pandas calls a second column "caption.1"
  const meant = plainColumns.find((plain) => distance(lower, plain) <= 1 || sorted(lower) === sorted(plain) || single === plain)
  if (!meant) return !looksLikeLanguage(name)
  throw new UserError({
    where,
    expected: `a column name that is not so near to "${meant}"`,
    got: `"${name}"`,
    hint: `Did you mean ${meant}? If not, give it another name.`,
  })
}

function sorted(name: string): string {
  return [...name].sort().join('')
}
