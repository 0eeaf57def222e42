import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '../../base/disk.ts'
import { flagOf } from '../../base/setting.ts'
import type { Flags } from '../subject.ts'

/** Flags that leave a page as it is: they say which of the runs are done this time, where and how fast. */
const free = new Set(['seeds', 'only', 'shard', 'threads', 'runs', 'cacheDir'])

/** The command that writes a page again: its name, and flags that are not the defaults. */
export function pageCommand(name: string, flags: Flags, defaults: Flags): string {
  const own = Object.entries(flags).filter(([flag, value]) => !free.has(flag) && value !== defaults[flag])
  return ['npm run bench --', name, ...own.map(([flag, value]) => `${flagOf(flag)} ${value}`)].join(' ')
}

/** Writes OUT/NAME.md and prints it. */
export async function writePage(out: string, name: string, paragraphs: readonly string[]): Promise<void> {
  const text = `${paragraphs.filter((paragraph) => paragraph !== '').join('\n\n')}\n`
  await mkdir(out, { recursive: true })
  await writeFileAtomic(join(out, `${name}.md`), text)
  console.log(text)
}
