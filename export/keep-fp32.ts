import { UserError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import type { ExportGraphs } from './onnx.ts'
import { quantizableWeights } from './quantize-weights.ts'
import { layerName } from './sensitivity.ts'

/**
 * Returns the weights that `names` mean: each is a layer (`text_model.encoder.layers.1.mlp.fc2`), or the beginning of
 * several (`text_model.encoder.layers.1`, `visual_projection`).
 * @throws UserError for a name that fits none, with the nearest there is
 */
export function resolveKeepFp32(graphs: Pick<ExportGraphs, 'vision' | 'text'>, names: string[]): string[] {
  const weights = [graphs.vision, graphs.text].flatMap((graph) => quantizableWeights(graph).map(({ name }) => name))
  const kept = names.flatMap((wanted) => {
    const found = weights.filter((weight) => weight === wanted || `${layerName(weight)}.`.startsWith(`${wanted}.`))
    if (found.length > 0) return found
    const layers = weights.map(layerName)
    const hint = `Did you mean ${nearest(wanted, layers)}?`
    throw new UserError({ where: '--keep-fp32', expected: 'auto, or names of layers', got: wanted, hint })
  })
  return [...new Set(kept)]
}
