import type { NumberTensor, RuntimeOptions, Session } from '../../engine/runtime.ts'
import { chooseFeeds, floats, itemOf } from './feeds.ts'
import { readModelFile } from './model-file.ts'
import { openPart } from './tower.ts'

/**
 * The scale s in logits = s·cosine + b of a combined model, measured with one image and two texts, one at a time: wherever in the graph it hides.
 * @param embeds the model's two embeddings
 * @returns undefined where it has no logits_per_image, or the texts are too alike to tell
 */
export async function measureScale(
  file: string,
  embeds: { image: string; text: string },
  image: Record<string, NumberTensor>,
  texts: Record<string, NumberTensor>,
  options: RuntimeOptions,
): Promise<number | undefined> {
  const model = await readModelFile(file)
  if (!model.outputs.some(({ name }) => name === 'logits_per_image')) return undefined
  const session = await openPart(model, ['logits_per_image', embeds.image, embeds.text], options)
  const pair = async (text: number) => {
    const results = await session.run(chooseFeeds(file, session, { ...image, ...itemOf(texts, text, 2) }))
    const read = (name: string) => floats(results[name]!.data, typeOf(session, name))
    return { logit: read('logits_per_image')[0]!, cosine: cosine(read(embeds.image), read(embeds.text)) }
  }
  try {
    const [first, second] = [await pair(0), await pair(1)]
    const difference = first.cosine - second.cosine
    return Math.abs(difference) < 1e-4 ? undefined : (first.logit - second.logit) / difference
  } finally {
    await session.release()
  }
}

function typeOf(session: Session, name: string): string {
  return session.outputs.find((output) => output.name === name)!.type
}

export function cosine(a: Float32Array, b: Float32Array): number {
  let [ab, aa, bb] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    ab += a[i]! * b[i]!
    aa += a[i]! ** 2
    bb += b[i]! ** 2
  }
  return ab / Math.sqrt(aa * bb)
}
