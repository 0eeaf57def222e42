import type { Tokenizer } from '../tokenizers/load.ts'
import { type ConvertOptions, convertGraph } from './dtypes.ts'
import type { RecallRow } from './exported-files.ts'
import { type GraphOptions, recallOfGraphs } from './graph-encoder.ts'
import type { ExportGraphs } from './onnx.ts'
import type { GateTask } from './recall.ts'
import { layerName, type Sensitivity, sensitivities } from './sensitivity.ts'

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
  options: GraphOptions & ConvertOptions = {},
): Promise<string> {
  const { dtype } = row
  const same = tasks.filter(({ task }) => task.language === row.language && task.protocol === row.protocol)
  const lost = async (image: typeof vision, words: typeof text) => {
    const [found] = await recallOfGraphs(image, words, same, tokenizer, options)
    return 100 * (row.reference - found!.meanRecall)
  }
  const drops = { image: await lost(convertGraph(vision, dtype, options), text), text: await lost(vision, convertGraph(text, dtype, options)) }
  const [guilty, other] = drops.image > drops.text ? (['image', 'text'] as const) : (['text', 'image'] as const)
  const layers = (await sensitivities({ vision, text }, dtype, same, tokenizer, options)).filter(
    ({ tower, weight }) => tower === guilty && !options.keepFp32?.includes(weight),
  )
  return `the ${guilty} tower alone loses ${drops[guilty].toFixed(2)}, the ${other} tower ${drops[other].toFixed(2)}; ${layersOf(layers)}`
}

/** The three layers with the largest share of the error, in words. @param found the worst first */
export function layersOf(found: readonly Pick<Sensitivity, 'weight' | 'error'>[]): string {
  if (found.length === 0) return 'all of its layers are in fp32 already'
  const total = found.reduce((sum, { error }) => sum + error, 0)
  if (total === 0) return 'none of its layers alone changes an embedding'
  const layers = found.slice(0, 3).map(({ weight, error }) => `${layerName(weight)} (${Math.round((100 * error) / total)} %)`)
  return `layers with the largest share of the error: ${layers.join(', ')}`
}
