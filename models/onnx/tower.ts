import { UserError } from '../../base/errors.ts'
import { type NumberTensor, openSession, type RuntimeOptions, type Session, type TensorInfo } from '../../engine/runtime.ts'
import { chooseFeeds, floats, itemOf } from './feeds.ts'

/** One tower of a foreign model. */
export interface TeacherTower {
  /** File or part of it, for messages. */
  where: string
  inputs: TensorInfo[]
  /** Feeds what the model asks for of `feeds` ([n, …] each) and returns unit embeddings [n, E]. */
  embed(feeds: Record<string, NumberTensor>, count: number): Promise<{ data: Float32Array; dim: number }>
  release(): Promise<void>
}

/**
 * Opens one tower of a model.
 * @param wanted the output's usual name; a model without it gives its first two-dimensional output
 * @throws UserError when the file does not open or has no output that could be an embedding; `embed` throws it for inputs
 *   the model wants and nobody has, results of another shape, and results that are not finite
 */
export async function openTower(model: string | Uint8Array, where: string, wanted: string, options: RuntimeOptions): Promise<TeacherTower> {
  const session = await openSession(model, options)
  const output = session.outputs.find(({ name }) => name === wanted) ?? session.outputs.find(({ dims }) => dims.length === 2)
  if (!output) {
    const got = session.outputs.map(({ name, dims }) => `${name} [${dims}]`).join(', ')
    await session.release()
    throw new UserError({ where, expected: `an output ${wanted} [batch, dim]`, got, hint: 'Export the tower with its projection.' })
  }
  const embed = async (feeds: Record<string, NumberTensor>, count: number) => {
    const chosen = chooseFeeds(where, session, feeds)
    const results = await session.run(chosen, [output.name])
    const { data, dims } = results[output.name]!
    if (dims.length !== 2 || dims[0] !== count) {
      throw new UserError({
        where: `${where}, output ${output.name}`,
        expected: `shape [${count}, dim] for ${count} input${count === 1 ? '' : 's'}`,
        got: `[${dims.join(', ')}]`,
        hint: 'Export the tower pooled, projected and with a dynamic batch.',
      })
    }
    return { data: unitRows(`${where}, output ${output.name}`, floats(data, output.type), dims[1]!), dim: dims[1]! }
  }
  return {
    where,
    inputs: session.inputs,
    embed: (feeds, count) => (hasFixedBatch(session) ? oneByOne(embed, feeds, count) : embed(feeds, count)),
    release: () => session.release(),
  }
}

function unitRows(where: string, rows: Float32Array, dim: number): Float32Array {
  const unit = new Float32Array(rows.length)
  for (let start = 0; start < rows.length; start += dim) {
    let squares = 0
    for (let i = start; i < start + dim; i++) squares += rows[i]! ** 2
    if (!(squares > 0 && squares < Infinity)) {
      throw new UserError({
        where,
        expected: 'finite features',
        got: `${squares === 0 ? 'only zeros' : 'NaN or infinity'} in row ${start / dim}`,
        hint: 'The model is damaged, or its float16 overflows: try its fp32 files.',
      })
    }
    const scale = 1 / Math.sqrt(squares)
    for (let i = start; i < start + dim; i++) unit[i] = rows[i]! * scale
  }
  return unit
}

/** Some exports take one image or text at a time. */
function hasFixedBatch(session: Session): boolean {
  return session.inputs.some(({ dims }) => dims[0] === 1)
}

async function oneByOne(embed: TeacherTower['embed'], feeds: Record<string, NumberTensor>, count: number): ReturnType<TeacherTower['embed']> {
  const rows = []
  for (let item = 0; item < count; item++) rows.push(await embed(itemOf(feeds, item, count), 1))
  const dim = rows[0]?.dim ?? 0
  const data = new Float32Array(count * dim)
  rows.forEach((row, i) => data.set(row.data, i * dim))
  return { data, dim }
}
