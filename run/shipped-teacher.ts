import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../base/errors.ts'
import { packageRoot } from '../base/package-root.ts'

export const shippedTeacher = 'models/teachers/bridged'

/** What shipped before, and is not there any more. */
const former = 'models/teachers/emoji-en-zh'

/**
 * The shipped teacher is found from any working directory; a folder of that name there wins.
 * @throws UserError for the teacher that shipped before
 */
export function teacherFolder(dir: string): string {
  if (existsSync(dir)) return dir
  if (dir.replaceAll('\\', '/').endsWith(former)) {
    throw new UserError({
      where: dir,
      expected: `a teacher that is there: ${shippedTeacher}`,
      got: 'the one that shipped until 2026-11-30 and knew 1,194 names alone',
      hint: 'Begin a new run with --teacher models/teachers/bridged; a finished run needs no teacher (docs/migration.md).',
    })
  }
  return dir === shippedTeacher ? join(packageRoot(), shippedTeacher) : dir
}
