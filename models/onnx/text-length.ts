import { join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import type { NumberTensor } from '../../engine/runtime.ts'
import type { Tokenizer } from '../../tokenizers/load.ts'
import { cosine } from './combined.ts'
import { dtypeOf } from './dtypes.ts'
import type { ModelConfig } from './model-config.ts'
import type { TeacherTower } from './tower.ts'

/** How many tokens of a text a model reads. */
export interface TextLength {
  limit: number
  /** Every text is filled up to `limit`. */
  isFull: boolean
}

const longestTried = 512 // tokens: longer texts cost gigabytes in some models
const clipContext = 77

/**
 * The most tokens that a text tower takes: the least of what its graph, the tokenizer and config.json say, and tried out.
 * @param feeds what the model is fed for texts that are cut to a number of tokens
 * @throws UserError when the tokenizer says a number that the model does not take
 */
export async function findTextLength(
  dir: string,
  tokenizer: Tokenizer,
  tower: TeacherTower,
  config: ModelConfig,
  feeds: (texts: readonly string[], limit: number) => Record<string, NumberTensor>,
): Promise<number> {
  const positions = rowsFor(tower, tokenizer)
  const fixed = fixedLength(tower)
  const tooLong = (length: number, why: string) =>
    new UserError({
      where: join(dir, 'tokenizer_config.json'),
      expected: `a model_max_length of no more tokens than ${tower.where} takes`,
      got: `${length}, ${why}`,
      hint: 'Write the number that the model was made for, 77 in most.',
    })
  const [own, rows] = [tokenizer.maxLength ?? 0, tower.positions?.rows ?? Infinity]
  if (!fixed && own > rows) throw tooLong(own, `where its table of positions has ${rows} rows`)
  const known = [tokenizer.maxLength, config.positions, positions].filter((length) => length !== undefined)
  const wanted = fixed ?? (known.length > 0 ? Math.min(...known) : clipContext)
  const failure = async (length: number): Promise<Error | undefined> => {
    const long = feeds(['a '.repeat(length)], length)
    return tower.embed(long, 1).then(
      () => undefined,
      (error: Error) => error,
    )
  }
  const error = await failure(Math.min(wanted, longestTried))
  if (!error) return wanted
  if (error instanceof UserError) throw error
  if (fixed || tokenizer.maxLength === wanted) {
    throw tooLong(wanted, `which fail with "${error.message.split('\n')[0]}"`)
  }
  let [good, bad] = [1, Math.min(wanted, longestTried)]
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2)
    if (await failure(middle)) bad = middle
    else good = middle
  }
  return good
}

/** Where the graph takes texts of one length only. */
export function fixedLength({ inputs }: TeacherTower): number | undefined {
  const length = inputs.find(({ name }) => name === 'input_ids')?.dims[1]
  return typeof length === 'number' && length > 0 ? length : undefined
}

/** The longest text for which the table of positions has rows; what can be tried out is. */
function rowsFor({ positions }: TeacherTower, { padId }: Tokenizer): number | undefined {
  return positions && positions.rows - (positions.fromPadding && positions.rows > longestTried + padId + 1 ? padId + 1 : 0)
}

const beside = 'two dogs and a cat run over the green grass in front of a very large house'

/**
 * Whether a text's embedding depends on how far it is filled up: so it is in towers that look both ways and have no attention mask. They learnt from texts
 * of full length.
 * @param feeds what the model is fed for texts, filled up to the longest of them
 */
export async function needsFullLength(tower: TeacherTower, feeds: (texts: readonly string[]) => Record<string, NumberTensor>): Promise<boolean> {
  const short = 'a red apple'
  const alone = await tower.embed(feeds([short]), 1)
  const { data, dim } = await tower.embed(feeds([short, beside]), 2)
  return cosine(alone.data, data.subarray(0, dim)) < leastCosine(tower)
}

/** Quantized models choose ranges anew in every call: texts beside each other are never quite alike. */
function leastCosine({ file }: TeacherTower): number {
  return ['fp32', 'fp16'].includes(dtypeOf(file)) ? 0.9999 : 0.98
}
