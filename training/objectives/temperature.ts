import type { ParamSpecs } from '../../engine/params.ts'
import type { tf } from '../../engine/tf.ts'
import type { Tensors } from '../../engine/trace/trace.ts'
import { boundedExp } from '../../models/temperature.ts'

/** A learnt temperature of an objective's own: the parameter is ln c, and starts at CLIP's ln(1/0.07). */
export function temperatureParam(name: string, start = 1 / 0.07): ParamSpecs {
  return { [`objective.${name}.scale`]: { shape: [], init: { constant: Math.log(start) } } }
}

/** c = exp(parameter), kept in [1, 100] as the model's own scale. */
export function temperature(params: Tensors, name: string): tf.Tensor {
  return boundedExp(params[`objective.${name}.scale`]!)
}
