import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { UserError } from '../base/errors.ts'
import { notice } from '../base/watch.ts'
import type { Params } from '../engine/params.ts'
import type { ClipConfig } from '../models/config.ts'
import type { Encoder } from '../models/encoder.ts'
import { spells, type Tokenizer } from '../tokenizers/load.ts'
import type { Start } from './start-student.ts'
import { textFeatures } from './teachers/text-features.ts'

/** Of the token table's rows: far above the places' 0.01, so that these count for little, and within reach of a few hundred steps. */
const rowScale = 0.1

/**
 * Begins a student's text tower with the teacher's vectors of the tokens, in place (see startFromWords). They are cached as features are.
 * @throws UserError where the student's embedding has other dimensions than the teacher's
 */
export async function startFromTeacher({ model, tokenizer }: Start, teacher: Encoder, cacheDir: string): Promise<void> {
  const { config, params } = model
  if (config.projection_dim !== teacher.embedDim) {
    const hint = 'Leave --embed-dim and --ensemble out, or begin with --text-init random.'
    const expected = `a student of the teacher's ${teacher.embedDim} dimensions`
    throw new UserError({ where: '--text-init pca', expected, got: `${config.projection_dim}`, hint })
  }
  const texts = tokenTexts(tokenizer)
  const distinct = [...new Set(texts.filter((text) => text !== undefined && spells(teacher.tokenizer, text)))] as string[]
  const place = new Map(distinct.map((text, i) => [text, i]))
  const features = await textFeatures(teacher, distinct, cacheDir)
  const rows = await features.read(Uint32Array.from(distinct.keys()))
  const vectorOf = (text: string | undefined) => {
    const at = text === undefined ? undefined : place.get(text)
    return at === undefined ? undefined : rows.subarray(at * teacher.embedDim, (at + 1) * teacher.embedDim)
  }
  startFromWords(params, config, texts.map(vectorOf))
  notice(`text tower: begins with the teacher's vectors of ${distinct.length} of ${tokenizer.vocabSize} tokens`)
}

/** A token as a text of its own; undefined for special tokens and for bytes that are no characters. */
function tokenTexts(tokenizer: Tokenizer): (string | undefined)[] {
  return Array.from({ length: tokenizer.vocabSize }, (_, id) => {
    const text = tokenizer.decode([id])
    return text === '' || text.includes('\uFFFD') ? undefined : text
  })
}

/**
 * Begins a text tower as a bag of the teacher's words, in place: the token table holds the teacher's vectors of the token strings in their D principal
 * directions, the first attention averages all tokens (V = O = I, Q and K a tenth of what they were, since at 0 neither would learn), and the projection leads
 * back to the teacher's space. All other residual branches begin at 0: their last matrix, which learns from the first step on. What has no vector of its own
 * gets the mean of all others. The directions are of the vectors as they are, not centred: the projection has no bias.
 * @param vectors the teacher's unit vectors of those tokens that are texts, by token id. [V][Et]
 */
function startFromWords(params: Params, { text_config: text }: ClipConfig, vectors: (Float32Array | undefined)[]): void {
  const { hidden_size: width, num_hidden_layers: layers } = text
  const known = vectors.filter((vector) => vector !== undefined)
  const directions = principalDirections(known, width) // [D][Et]
  const rows = vectors.map((vector) => vector && directions.map((direction) => dot(direction, vector)))
  const all = rows.filter((row) => row !== undefined)
  const mean = directions.map((_, i) => all.reduce((sum, row) => sum + row[i]!, 0) / all.length)
  const scale = rowScale / Math.sqrt(all.reduce((sum, row) => sum + dot(row, row), 0) / (all.length * width))
  const table = params['text_model.embeddings.token_embedding.weight']!.data
  for (const [id, row] of rows.entries())
    table.set(
      Float32Array.from(row ?? mean, (value) => scale * value),
      id * width,
    )
  const layer = (i: number) => `text_model.encoder.layers.${i}`
  for (let i = 0; i < layers; i++) for (const last of ['self_attn.out_proj', 'mlp.fc2']) params[`${layer(i)}.${last}.weight`]!.data.fill(0)
  const attention = `${layer(0)}.self_attn`
  for (const part of ['q_proj', 'k_proj']) params[`${attention}.${part}.weight`]!.data.forEach((value, i, data) => void (data[i] = 0.1 * value))
  for (const part of ['v_proj', 'out_proj']) identity(params[`${attention}.${part}.weight`]!.data, width)
  const projection = params['text_projection.weight']!.data // [Et, D]
  for (const [column, direction] of directions.entries()) for (const [row, value] of direction.entries()) projection[row * width + column] = value
}

/** The first `count` eigenvectors of Σ v vᵀ, as rows; rows of 0 where there are fewer dimensions. [count][Et] */
function principalDirections(vectors: Float32Array[], count: number): Float32Array[] {
  const size = vectors[0]!.length
  const moments = new Float64Array(size * size)
  for (const vector of vectors) {
    for (let i = 0; i < size; i++) for (let j = 0; j <= i; j++) moments[i * size + j] = moments[i * size + j]! + vector[i]! * vector[j]!
  }
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) moments[j * size + i] = moments[i * size + j]!
  const { eigenvectorMatrix } = new EigenvalueDecomposition(Matrix.from1DArray(size, size, moments), { assumeSymmetric: true }) // eigenvalues ascend
  return Array.from({ length: count }, (_, i) => (i < size ? Float32Array.from(eigenvectorMatrix.getColumn(size - 1 - i)) : new Float32Array(size)))
}

function identity(weights: Float32Array, size: number): void {
  weights.fill(0)
  for (let i = 0; i < size; i++) weights[i * size + i] = 1
}

function dot(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!
  return sum
}
