import { UserError } from './errors.ts'

/**
 * Returns what a JSON file holds.
 * @param hint what to do about a broken one
 * @throws UserError for a text that is no JSON
 */
export function parseJson(text: string, file: string, hint: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UserError({ where: file, expected: 'JSON', got: (error as Error).message, hint })
  }
}
