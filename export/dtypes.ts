import { UserError } from '../base/errors.ts'
import type { Graph } from '../engine/onnx/model.ts'
import { dtypeSuffixes, type ModelDtype } from '../models/onnx/dtypes.ts'
import type { GraphRanges } from './calibrate.ts'
import type { Observed } from './conv/calibrate-conv.ts'
import { holdsConv } from './conv/places.ts'
import { quantizeConv } from './conv/quantize-conv.ts'
import type { FileStem } from './file-stems.ts'
import { type DynamicOptions, quantizeDynamic } from './quantize.ts'
import { toFloat16 } from './quantize-float16.ts'
import { quantizeInt4 } from './quantize-int4.ts'
import { quantizeStatic } from './quantize-static.ts'

export const exportDtypes = Object.keys(dtypeSuffixes) as ModelDtype[]

/** Where a folder keeps a file, relative to it: `onnx/vision_model_quantized.onnx`. */
export function onnxFile(stem: FileStem, dtype: ModelDtype): string {
  return `onnx/${stem}${dtypeSuffixes[dtype]}.onnx`
}

export interface ConvertOptions extends DynamicOptions {
  /** Calibrated ranges, which int8 needs. */
  ranges?: GraphRanges
  /** What pictures make of an image tower with convolutions, which q8 of it needs. */
  observed?: Observed
}

/** Returns `graph` in a number format; `keepFp32` names weights that stay as they are, `reduceRange` is for q8 and int8. */
export function convertGraph(graph: Graph, dtype: ModelDtype, options: ConvertOptions = {}): Graph {
  switch (dtype) {
    case 'fp32':
      return graph
    case 'fp16':
      return toFloat16(graph, options)
    case 'q8':
      return holdsConv(graph) ? quantizeConv(graph, options.observed ?? nothing, options) : quantizeDynamic(graph, options)
    case 'int8':
      return quantizeStatic(graph, options.ranges?.[graph.name] ?? new Map(), options)
    case 'q4':
      return quantizeInt4(graph, { keepFp32: options.keepFp32 })
  }
}

/** The formats of a model that keeps an image tower of another make. */
const keptDtypes: ModelDtype[] = ['fp32', 'fp16', 'q8']

/** @throws UserError for a format that an image tower of another make is not exported in */
export function requireKeptDtypes(dtypes: readonly ModelDtype[]): void {
  const other = dtypes.find((dtype) => !keptDtypes.includes(dtype))
  if (!other) return
  const hint = 'q8 is calibrated already: leave the others out.'
  throw new UserError({ where: '--dtype', expected: `${keptDtypes.join(', ')} for a model that keeps its teacher's image tower`, got: other, hint })
}

const nothing: Observed = { ranges: new Map(), means: new Map() }

/** @throws UserError for a name that is no number format, naming those there are */
export function parseDtypes(names: string[], where = '--dtype'): ModelDtype[] {
  const expected = `a list of ${exportDtypes.join(', ')}`
  if (names.length === 0) throw new UserError({ where, expected, got: 'nothing', hint: 'Name at least one.' })
  return [...new Set(names)].map((name) => {
    const dtype = exportDtypes.find((known) => known === name)
    if (dtype) return dtype
    throw new UserError({ where, expected, got: name, hint: 'q8 is 8-bit integers, int8 the same with calibrated ranges, q4 4-bit.' })
  })
}
