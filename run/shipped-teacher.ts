import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const shippedTeacher = 'models/teachers/emoji-en-zh'

/** The shipped teacher is found from any working directory; a folder of that name there wins. */
export function teacherFolder(dir: string): string {
  return dir === shippedTeacher && !existsSync(dir) ? fileURLToPath(new URL(`../${shippedTeacher}`, import.meta.url)) : dir
}
