import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { UserError } from './errors.ts'

/**
 * Makes sure that a folder, which may be yet to be made, can hold `bytes` more.
 * @param what what they are, for the message; hint what to do instead
 * @throws UserError when its disk has less room
 */
export async function requireSpace(dir: string, bytes: number, { what, hint }: { what: string; hint: string }): Promise<void> {
  let place = resolve(dir)
  while (!existsSync(place)) place = dirname(place)
  const { bavail, bsize } = await statfs(place)
  if (bavail * bsize >= bytes) return
  throw new UserError({ where: dir, expected: `about ${megabytes(bytes)} of free space for ${what}`, got: megabytes(bavail * bsize), hint })
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
