import type { ModelDtype } from '../models/onnx/dtypes.ts'

/** Bytes of a file for each byte of fp32 weights, rounded up. */
const share: Record<ModelDtype, number> = { fp32: 1.02, fp16: 0.56, q8: 0.4, int8: 0.4, q4: 0.35 }
const others = 2e6 // tokenizer, configuration, graphs

/** About how many bytes an export takes on disk, rather too many than too few. */
export function estimatedBytes(
  parameters: { image: number; text: number },
  { dtypes, ort, leaveOut = [] }: { dtypes: ModelDtype[]; ort?: boolean; leaveOut?: ('combined' | 'safetensors')[] },
): number {
  const weights = 4 * (parameters.image + parameters.text)
  const copies = (leaveOut.includes('combined') ? 1 : 2) + (ort ? 1 : 0)
  const onnx = dtypes.reduce((sum, dtype) => sum + copies * share[dtype], 0)
  return others + weights * (onnx + (leaveOut.includes('safetensors') ? 0 : 1))
}
