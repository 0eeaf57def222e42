/**
 * The protocol that a report speaks of first and looks at most closely: an unseen style before others, of a user's splits the test
 * split, then the validation split, else the first one.
 */
export function headlineOf(protocols: readonly string[]): string | undefined {
  const isUnseenStyle = (name: string) => name.startsWith('unseen-style/') && !name.endsWith('/hard')
  return protocols.find(isUnseenStyle) ?? ['test', 'val'].find((name) => protocols.includes(name)) ?? protocols[0]
}
