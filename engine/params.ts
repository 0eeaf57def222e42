import { normal, random } from '../base/random.ts'
import { elementCount } from './onnx/dtypes.ts'
import type { InputSpecs } from './trace/trace.ts'

export interface Param {
  shape: number[]
  data: Float32Array
}

/** Parameters under Hugging Face's names and layouts (Linear weights are [out, in]). */
export type Params = Record<string, Param>

type ParamSpec = { shape: number[]; init: { normal: number } | { constant: number } }
export type ParamSpecs = Record<string, ParamSpec>

/** Draws initial parameters; each tensor has its own generator, so adding one does not move the others. */
export function initialize(specs: ParamSpecs, seed: number): Params {
  return Object.fromEntries(
    Object.entries(specs).map(([name, { shape, init }]) => {
      const data = new Float32Array(elementCount(shape))
      if ('constant' in init) data.fill(init.constant)
      else {
        const next = random(seed, ...Array.from(name, (letter) => letter.charCodeAt(0)))
        for (let i = 0; i < data.length; i++) data[i] = init.normal * normal(next)
      }
      return [name, { shape, data }]
    }),
  )
}

export function paramInputs(params: Record<string, { shape: number[] }>): InputSpecs {
  return Object.fromEntries(Object.entries(params).map(([name, { shape }]) => [name, { dtype: 'float32' as const, shape }]))
}

export function paramData(params: Params): Record<string, Float32Array> {
  return Object.fromEntries(Object.entries(params).map(([name, { data }]) => [name, data]))
}

/** Number of parameters whose name starts with one of `prefixes` (default: all), token tables included. */
export function countParams(params: Record<string, { shape: number[] }>, prefixes: string[] = ['']): number {
  return Object.entries(params)
    .filter(([name]) => prefixes.some((prefix) => name.startsWith(prefix)))
    .reduce((sum, [, { shape }]) => sum + elementCount(shape), 0)
}
