import type { RuntimeOptions } from '../engine/runtime.ts'
import type { Tokenizer } from '../tokenizers/load.ts'
import { type ConvertOptions, convertGraph } from './dtypes.ts'
import type { RecallRow } from './gate.ts'
import { recallOfGraphs } from './graph-encoder.ts'
import type { ExportGraphs } from './onnx.ts'
import type { GateTask } from './recall.ts'
import { layerName, sensitivities } from './sensitivity.ts'

/**
 * Says which tower and which of its layers cost a number format its recall, from each tower alone in that format (the
 * other in fp32) and each layer alone.
 * @param row the failure to explain
 */
export async function blame(
  row: RecallRow,
  { vision, text }: Pick<ExportGraphs, 'vision' | 'text'>,
  tasks: GateTask[],
  tokenizer: Tokenizer,
  options: RuntimeOptions & ConvertOptions = {},
): Promise<string> {
  const { dtype } = row
  const same = tasks.filter(({ task }) => task.language === row.language && task.protocol === row.protocol)
  const lost = async (image: typeof vision, words: typeof text) => {
    const [found] = await recallOfGraphs(image, words, same, tokenizer, options)
    return 100 * (row.reference - found!.meanRecall)
  }
  const drops = { image: await lost(convertGraph(vision, dtype, options), text), text: await lost(vision, convertGraph(text, dtype, options)) }
  const [guilty, other] = drops.image > drops.text ? (['image', 'text'] as const) : (['text', 'image'] as const)
  const found = (await sensitivities({ vision, text }, dtype, same, tokenizer, options)).filter(
    ({ tower, weight }) => tower === guilty && !options.keepFp32?.includes(weight),
  )
  const total = found.reduce((sum, { error }) => sum + error, 0)
  const layers = found.slice(0, 3).map(({ weight, error }) => `${layerName(weight)} (${Math.round((100 * error) / total)} %)`)
  return `the ${guilty} tower alone loses ${drops[guilty].toFixed(2)}, the ${other} tower ${drops[other].toFixed(2)}; layers with the largest share of the error: ${layers.join(', ')}`
}
