import type { ModelDtype } from '../models/onnx/dtypes.ts'
import type { Tokenizer } from '../tokenizers/load.ts'
import { type ConvertOptions, convertGraph } from './dtypes.ts'
import type { RecallRow } from './exported-files.ts'
import { failGate, failures, type Gate, recallRow } from './gate.ts'
import { type GraphOptions, recallOfGraphs } from './graph-encoder.ts'
import type { ExportGraphs } from './onnx.ts'
import { sensitivities } from './sensitivity.ts'

/**
 * Returns the weights that have to stay in fp32 for every gated number format to pass: `options.keepFp32`, and as few of the
 * most sensitive others as it takes, found by doubling and halving.
 * @throws UserError with exit code 3 where not even half of the weights in fp32 would do
 */
export async function chooseKeepFp32(
  { vision, text }: Pick<ExportGraphs, 'vision' | 'text'>,
  dtypes: ModelDtype[],
  gate: Gate,
  tokenizer: Tokenizer,
  options: GraphOptions & ConvertOptions = {},
): Promise<string[]> {
  const { tasks, maxDrop } = gate
  const reference = await recallOfGraphs(vision, text, tasks, tokenizer, options)
  const worst = async (dtype: ModelDtype, keepFp32: string[]): Promise<RecallRow | undefined> => {
    const convert = { ...options, keepFp32 }
    const found = await recallOfGraphs(convertGraph(vision, dtype, convert), convertGraph(text, dtype, convert), tasks, tokenizer, options)
    return failures(
      found.map((row, i) => recallRow(dtype, row, reference[i]!)),
      gate,
    )[0]
  }
  let kept = options.keepFp32 ?? []
  for (const dtype of dtypes) {
    if (maxDrop[dtype] === undefined || !(await worst(dtype, kept))) continue
    const ranked = await sensitivities({ vision, text }, dtype, tasks, tokenizer, options)
    const order = ranked.map(({ weight }) => weight).filter((weight) => !kept.includes(weight))
    const first = (count: number) => [...kept, ...order.slice(0, count)]
    const most = Math.ceil(order.length / 2)
    let fails = 0
    let passes = Infinity
    for (let count = 1; passes === Infinity; count = Math.min(2 * count, most)) {
      const failure = await worst(dtype, first(count))
      if (!failure) passes = count
      else if (count >= most) failGate(failure, gate, `and that with ${count} of ${order.length} weights in fp32`)
      else fails = count
    }
    while (passes - fails > 1) {
      const middle = (fails + passes) >> 1
      if (await worst(dtype, first(middle))) fails = middle
      else passes = middle
    }
    kept = first(passes)
  }
  return kept
}
