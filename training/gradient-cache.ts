import type { Step } from '../engine/compile.ts'
import { gradientOf } from '../engine/gradients.ts'
import { accumulate } from '../engine/optim/gradients.ts'
import type { Numbers } from '../engine/runtime.ts'
import { type CachedStep, embedsOf } from './cached-step.ts'
import type { Tower } from './objectives/objective.ts'
import { joinRows, partOfRows } from './parts.ts'

type Values = Record<string, Float32Array>
type Feeds = Record<string, Numbers>

/** A large batch, in micro-batches. */
export interface CachedBatch {
  params: Values
  parts: number
  /** Texts of all languages follow one another, language by language. */
  languages: number
  /** Gives what the towers read of a part to `use`, and takes it back; each part is asked for twice, and must be the same. */
  withPart<T>(part: number, pass: 'embed' | 'replay', use: (inputs: Feeds) => Promise<T>): Promise<T>
  /** What objectives read of the whole batch. */
  objectiveInputs(): Promise<Feeds>
}

/**
 * Embeds all parts, computes the loss on all embeddings, and replays the parts with their slopes.
 * @returns what one graph of the whole batch does: loss, one scalar per objective, gradients. Equal up to rounding: only the order of sums differs.
 */
export async function cachedGradients(graphs: CachedStep<Step>, batch: CachedBatch): Promise<Values> {
  const { params, parts, languages, withPart } = batch
  const each = async (pass: 'embed' | 'replay', use: (inputs: Feeds, part: number) => Promise<void>) => {
    for (let part = 0; part < parts; part++) await withPart(part, pass, (inputs) => use(inputs, part))
  }
  const embedded: Values[] = []
  await each('embed', async (inputs) => {
    embedded.push(await graphs.embed.run({ ...params, ...inputs }))
  })
  const names = (['image', 'text'] as Tower[]).map(embedsOf).filter((name) => name in embedded[0]!)
  const groupsOf = (name: string) => (name === embedsOf('text') ? languages : 1)
  const whole = (name: string) =>
    joinRows(
      embedded.map((values) => values[name]!),
      groupsOf(name),
    )
  const all = Object.fromEntries(names.map((name) => [name, whole(name)]))
  const results = await graphs.loss.run({ ...params, ...(await batch.objectiveInputs()), ...all })
  const slopes = names.map((name): [string, Float32Array] => [name, results[gradientOf(name)]!])
  for (const name of names) delete results[gradientOf(name)]
  await each('replay', async (inputs, part) => {
    const upstream = slopes.map(([name, slope]) => [gradientOf(name), partOfRows(slope, groupsOf(name), part, parts)])
    const { loss: _, ...gradients } = await graphs.replay.run({ ...params, ...inputs, ...Object.fromEntries(upstream) })
    accumulate(results, gradients)
  })
  return results
}
