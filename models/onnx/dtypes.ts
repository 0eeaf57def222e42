/**
 * Number formats by the names that transformers.js takes, and what the files of each add to theirs. q8 chooses the ranges of
 * activations while it runs, int8 has them fixed by calibration.
 */
export const dtypeSuffixes = { fp32: '', fp16: '_fp16', q8: '_quantized', int8: '_int8', q4: '_q4' } as const
export type ModelDtype = keyof typeof dtypeSuffixes

/** Those that are read, the most precise first: others' models come in more formats than are written here. */
export const formatSuffixes = { ...dtypeSuffixes, uint8: '_uint8', q4f16: '_q4f16', bnb4: '_bnb4' } as const
export type FileFormat = keyof typeof formatSuffixes

/** The number format that the ending of a file's name stands for; names without one are fp32. */
export function dtypeOf(file: string): FileFormat {
  const endings = Object.entries(formatSuffixes).toSorted(([, a], [, b]) => b.length - a.length) as [FileFormat, string][]
  return endings.find(([, suffix]) => file.endsWith(`${suffix}.onnx`))![0]
}
