import { dirname } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { cutModel, type ModelBytes, reachOf } from '../../engine/onnx/model-bytes.ts'
import { type NumberTensor, openSession, type RuntimeOptions, type Session, type TensorInfo } from '../../engine/runtime.ts'
import { chooseOutput, type OutputRules } from './choose-output.ts'
import { chooseFeeds, floats, itemOf } from './feeds.ts'
import type { TowerName } from './files.ts'
import { readModelFile } from './model-file.ts'
import { type Positions, positionsOf } from './positions.ts'

export type Rows = { data: Float32Array; dim: number }

/** One tower of a foreign model. */
export interface TeacherTower {
  /** File or part of it, for messages. */
  where: string
  file: string
  /** The output that is the embedding. */
  output: string
  inputs: TensorInfo[]
  positions?: Positions
  /** Feeds what the model asks for of `feeds` ([n, …] each) and returns unit embeddings [n, E]. */
  embed(feeds: Record<string, NumberTensor>, count: number): Promise<Rows>
  /** Several outputs as they are, [n, …] each, in the order asked for. */
  read(feeds: Record<string, NumberTensor>, count: number, outputs: readonly string[]): Promise<Rows[]>
  release(): Promise<void>
}

export interface TowerOptions extends RuntimeOptions, OutputRules {
  /** Other outputs that can be read. */
  others?: readonly string[]
}

/**
 * Opens one tower of a model: a file of its own, or what the embedding depends on in a file with more.
 * @throws UserError when the file does not open or has no output that could be an embedding; `embed` throws it for inputs
 *   the model wants and nobody has, results of another shape, and results that are not finite
 */
export async function openTower(file: string, tower: TowerName, options: TowerOptions): Promise<TeacherTower> {
  const model = await readModelFile(file)
  const { name } = chooseOutput(model, tower, options)
  const outputs = [name, ...(options.others ?? []).filter((other) => other !== name)]
  const { inputs } = reachOf(model, outputs)
  const isWhole = inputs.length === model.inputs.length
  const where = isWhole ? file : `${file} (${tower} part)`
  const session = await openPart(model, isWhole ? undefined : outputs, options)
  const run = async (feeds: Record<string, NumberTensor>, count: number, wanted: readonly string[]): Promise<Rows[]> => {
    const results = await session.run(chooseFeeds(where, session, renamed(feeds, session)), [...wanted])
    return wanted.map((output) => {
      const { data, dims } = results[output]!
      if (dims[0] !== count || (output === name && dims.length !== 2)) {
        throw new UserError({
          where: `${where}, output ${output}`,
          expected: `shape [${count}, dim] for ${count} input${count === 1 ? '' : 's'}`,
          got: `[${dims.join(', ')}]`,
          hint: 'Export the tower pooled, projected and with a dynamic batch.',
        })
      }
      const type = session.outputs.find((port) => port.name === output)!.type
      return { data: floats(data, type), dim: data.length / count }
    })
  }
  const read = (feeds: Record<string, NumberTensor>, count: number, wanted: readonly string[]) =>
    hasFixedBatch(session) ? oneByOne(run, feeds, count, wanted) : run(feeds, count, wanted)
  return {
    where,
    file,
    output: name,
    inputs: session.inputs.map((input) => ({ ...input, name: commonName(input, session) })),
    positions: positionsOf(model, [name]),
    embed: async (feeds, count) => {
      const [rows] = await read(feeds, count, [name])
      return { data: unitRows(`${where}, output ${name}`, rows!.data, rows!.dim), dim: rows!.dim }
    },
    read,
    release: () => session.release(),
  }
}

/** A session of what computes `outputs`, or of the whole file. Weights in other files are read from where they lie. */
export function openPart(model: ModelBytes, outputs: readonly string[] | undefined, options: RuntimeOptions): Promise<Session> {
  if (!outputs) return openSession(model.where, options)
  return openSession(cutModel(model, outputs), options, { where: model.where, weightsDir: dirname(model.where) })
}

/** Exporters name the one picture or the one list of ids in many ways. */
function commonName({ name, dims, type }: TensorInfo, { inputs }: Session): string {
  const isText = (input: TensorInfo) => input.type.startsWith('int') && input.dims.length === 2
  if (dims.length === 4 && inputs.length === 1) return 'pixel_values'
  return inputs.length === 1 && isText({ name, dims, type }) ? 'input_ids' : name
}

function renamed(feeds: Record<string, NumberTensor>, session: Session): Record<string, NumberTensor> {
  const own = session.inputs.flatMap((input) => {
    const feed = feeds[commonName(input, session)]
    return feed ? [[input.name, feed] as const] : []
  })
  return { ...feeds, ...Object.fromEntries(own) }
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

async function oneByOne(read: TeacherTower['read'], feeds: Record<string, NumberTensor>, count: number, outputs: readonly string[]): Promise<Rows[]> {
  const items: Rows[][] = []
  for (let item = 0; item < count; item++) items.push(await read(itemOf(feeds, item, count), 1, outputs))
  return outputs.map((_, i) => {
    const dim = items[0]?.[i]?.dim ?? 0
    const data = new Float32Array(count * dim)
    items.forEach((rows, item) => data.set(rows[i]!.data, item * dim))
    return { data, dim }
  })
}
