import { concepts } from './concepts.ts'
import { type Drawing, drawingsOf, stylesWith } from './drawings.ts'

/**
 * The drawings that a pixel nearest neighbour compares with: those in train styles of the train concepts, all of which are among the answers.
 * Only for protocols drawn in a held-out style: twemoji protocols would find their own pictures among the references.
 */
export async function pixelReferences(): Promise<Drawing[]> {
  const known = concepts()
  const drawings = await Promise.all(stylesWith('train').map(drawingsOf))
  return drawings.flat().filter(({ concept }) => known.get(concept)?.split === 'train')
}
