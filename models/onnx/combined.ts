import { readFile } from 'node:fs/promises'
import { UserError } from '../../base/errors.ts'
import type { Graph } from '../../engine/onnx/model.ts'
import { extract } from '../../engine/onnx/passes.ts'
import { decodeModel, encodeModel } from '../../engine/onnx/proto.ts'
import { type NumberTensor, openSession, type RuntimeOptions, type Session } from '../../engine/runtime.ts'
import { chooseFeeds, floats, itemOf } from './feeds.ts'

/**
 * Splits a combined model into its towers: each is what its embedding depends on.
 * @returns ONNX files; `logits` computes logits_per_image and both embeddings, where the model has them
 * @throws UserError when the file is no ONNX model, lacks an embedding, or its towers need each other's inputs
 */
export async function splitCombined(file: string): Promise<{ vision: Uint8Array; text: Uint8Array; logits?: Uint8Array }> {
  const graph = decodeModel(await readFile(file), file)
  const named = graph.outputs.map(({ name }) => name)
  for (const name of ['image_embeds', 'text_embeds']) {
    if (named.includes(name)) continue
    throw new UserError({
      where: file,
      expected: 'outputs image_embeds and text_embeds',
      got: named.join(', '),
      hint: 'Export the whole dual encoder, or one file per tower.',
    })
  }
  const vision = tower(graph, file, 'image_embeds', ({ name }) => name === 'pixel_values')
  const text = tower(graph, file, 'text_embeds', ({ name }) => name !== 'pixel_values')
  const logits = named.includes('logits_per_image') ? encodeModel(extract(graph, ['logits_per_image', 'image_embeds', 'text_embeds'])) : undefined
  return { vision, text, logits }
}

/**
 * The scale s in logits = s·cosine + b, measured with one image and two texts, one at a time: wherever in the graph it hides.
 * @returns undefined where the texts are too alike to tell
 */
export async function measureScale(
  model: Uint8Array,
  image: Record<string, NumberTensor>,
  texts: Record<string, NumberTensor>,
  options: RuntimeOptions,
): Promise<number | undefined> {
  const session = await openSession(model, options)
  try {
    const [first, second] = [await pair(session, { ...image, ...itemOf(texts, 0, 2) }), await pair(session, { ...image, ...itemOf(texts, 1, 2) })]
    const difference = first.cosine - second.cosine
    return Math.abs(difference) < 1e-4 ? undefined : (first.logit - second.logit) / difference
  } finally {
    await session.release()
  }
}

async function pair(session: Session, feeds: Record<string, NumberTensor>): Promise<{ logit: number; cosine: number }> {
  const results = await session.run(chooseFeeds('combined model', session, feeds))
  const read = (name: string) => floats(results[name]!.data, session.outputs.find((output) => output.name === name)!.type)
  return { logit: read('logits_per_image')[0]!, cosine: cosine(read('image_embeds'), read('text_embeds')) }
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [ab, aa, bb] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    ab += a[i]! * b[i]!
    aa += a[i]! ** 2
    bb += b[i]! ** 2
  }
  return ab / Math.sqrt(aa * bb)
}

function tower(graph: Graph, file: string, output: string, belongs: (input: Graph['inputs'][number]) => boolean): Uint8Array {
  const part = extract(graph, [output])
  const foreign = part.inputs.filter((input) => !belongs(input)).map(({ name }) => name)
  if (foreign.length === 0 && part.inputs.length > 0) return encodeModel(part)
  const got = foreign.length > 0 ? `one that also needs ${foreign.join(', ')}` : 'one that depends on no input'
  throw new UserError({
    where: `${file}, output ${output}`,
    expected: 'an embedding that depends on its own tower only',
    got,
    hint: 'Export one file per tower.',
  })
}
