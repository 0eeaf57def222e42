/** 1 … n: seeds are the outer loop of a study, so that every row has one before any has two. */
export function seedsOf(count: unknown): number[] {
  return Array.from({ length: Number(count) }, (_, i) => i + 1)
}
