import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '../base/disk.ts'

/** Puts a section into the model card of an exported folder; returns the card's path, or undefined where there is no card. */
export async function addToCard(dir: string, title: string, body: string): Promise<string | undefined> {
  const file = join(dir, 'README.md')
  const card = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  if (card === undefined) return undefined
  await writeFileAtomic(file, withSection(card, title, body))
  return file
}

/**
 * Returns a model card with a section of this title: in the place of the one it has, else before its limits, else at its end.
 * @param body Markdown without the heading
 */
export function withSection(card: string, title: string, body: string): string {
  const sections = card.split(/^(?=## )/m)
  const made = `## ${title}\n\n${body.trim()}\n\n`
  const titled = (section: string, name: string) => section.startsWith(`## ${name}\n`)
  const own = sections.findIndex((section) => titled(section, title))
  const limits = sections.findIndex((section) => titled(section, 'Limits'))
  if (own >= 0) sections[own] = made
  else sections.splice(limits >= 0 ? limits : sections.length, 0, made)
  return `${sections.map((section) => section.trim()).join('\n\n')}\n`
}
