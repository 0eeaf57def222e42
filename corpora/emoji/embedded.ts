/** What is trained and measured on unless something else is named. */
export const defaultCorpus = 'emoji'

/** Whether this is the name of a corpus that comes with the package, not a file. */
export function isEmbeddedCorpus(name: string): boolean {
  return name === 'emoji'
}

/** Whether this is the name of parallel texts that come with the package, not a file. */
export function isEmbeddedTexts(name: string): boolean {
  return name === 'emoji-names'
}
