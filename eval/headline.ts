/**
 * The protocol that a report speaks of first and measures in most detail: the first of `preferred` that is there (a corpus names them, see
 * OpenCorpus), else the test split, else the validation split, else the first one.
 */
export function headlineOf(protocols: readonly string[], preferred: readonly string[] = []): string | undefined {
  return [...preferred, 'test', 'val'].find((name) => protocols.includes(name)) ?? protocols[0]
}
