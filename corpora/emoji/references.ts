import { type ConceptSplit, concepts } from './concepts.ts'
import { type Drawing, drawingsOf, stylesWith } from './drawings.ts'

/**
 * The drawings a pixel nearest neighbour compares with: every train-style drawing of the concepts that are not reserved.
 *
 * Such a baseline learns nothing, so validation and test concepts may be among its references: it then has to tell apart
 * more concepts than the 1,194 that can be right. Reserve drawings are touched by
 * nothing, so it answers among 1,494 concepts, where a "1,644-way" one would have 150 more to confuse.
 * Only for protocols drawn in a held-out style: twemoji protocols would find their own pictures among the references.
 * @param splits narrows the concepts, e.g. to `['train']`
 */
export async function pixelReferences(splits: Exclude<ConceptSplit, 'reserve'>[] = ['train', 'val', 'test']): Promise<Drawing[]> {
  const wanted = new Set<ConceptSplit>(splits)
  const known = concepts()
  const references: Drawing[] = []
  for (const style of stylesWith('train')) {
    for (const drawing of await drawingsOf(style)) {
      const split = known.get(drawing.concept)?.split
      if (split && wanted.has(split)) references.push(drawing)
    }
  }
  return references
}
