import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../base/package-root.ts'

export const shippedTeacher = 'models/teachers/emoji-en-zh'

/** The shipped teacher is found from any working directory; a folder of that name there wins. */
export function teacherFolder(dir: string): string {
  return dir === shippedTeacher && !existsSync(dir) ? join(packageRoot(), shippedTeacher) : dir
}
