import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'

/** Writes OUT/NAME.md and prints it. */
export async function writePage(out: string, name: string, paragraphs: readonly string[]): Promise<void> {
  const text = `${paragraphs.filter((paragraph) => paragraph !== '').join('\n\n')}\n`
  await mkdir(out, { recursive: true })
  await writeFileAtomic(join(out, `${name}.md`), text)
  console.log(text)
}
