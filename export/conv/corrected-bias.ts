import { elementCount } from '../../engine/onnx/dtypes.ts'
import type { Int8Matrix } from '../quantize-codec.ts'
import type { ConvUse } from './places.ts'

/**
 * The bias without what rounded weights add to it on average: b_o − Σ_i E[x_i]·Σ_k (ŵ_oik − w_oik), with the mean of every input channel on the calibration pictures
 * (Nagel et al., 2019, arXiv 1906.04721, §4.2). At the edges, where padding is read, it is a little too much.
 * @param means E[x] of each input channel; without them the bias as it is
 * @returns [O]
 */
export function correctedBias({ weight, bias, group }: ConvUse, { values, scales }: Int8Matrix, means?: Float32Array): Float32Array {
  const outputs = weight.dims[0]!
  const corrected = Float32Array.from(bias ?? new Float32Array(outputs))
  if (!means) return corrected
  const kernel = elementCount(weight.dims.slice(2))
  const data = weight.data as Float32Array
  for (let o = 0, at = 0; o < outputs; o++) {
    const first = Math.floor(o / group.outputs) * group.inputs
    let shift = 0
    for (let i = 0; i < group.inputs; i++) {
      let rounded = 0
      for (let k = 0; k < kernel; k++, at++) rounded += values[at]! * scales[o]! - data[at]!
      shift += means[first + i]! * rounded
    }
    corrected[o]! -= shift
  }
  return corrected
}
