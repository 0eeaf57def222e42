import type { Graph } from '../engine/onnx/model.ts'
import { prune } from '../engine/onnx/passes.ts'
import { type Params, paramInputs } from '../engine/params.ts'
import { trace } from '../engine/trace/trace.ts'
import type { ClipConfig } from './config.ts'
import { dualEncoderParams } from './dual-encoder.ts'
import { type Activations, normalize } from './layers.ts'
import { textTower } from './text.ts'
import { imageTower } from './vision.ts'

/** What a tower can show of its last layer, under these output names. */
export const activationOutputs = { hidden_states: 'hidden', attentions: 'attention' } as const satisfies Record<string, keyof Activations>
export type ActivationOutput = keyof typeof activationOutputs

// Primes far above any real size: a dimension that one divides is dynamic.
const marks = { batch_size: 1_000_003, sequence_length: 500_009 }

/**
 * The forward graph of one tower with parameters as inputs: `pixel_values` [b, 3, S, S] → `image_embeds` [b, E], or
 * `input_ids`, `attention_mask` int32 [b, s] → `text_embeds` [b, E]. Unit length; batch and length are dynamic.
 * @param options.cpuOnly false: standard ONNX ops only, for exported files
 * @param options.outputs further outputs: `hidden_states` [b, T, D], `attentions` [b, H, T, T] of the last layer (see Activations)
 */
export function traceTower(
  tower: 'image' | 'text',
  config: ClipConfig,
  { cpuOnly, outputs = [] }: { cpuOnly: boolean; outputs?: readonly ActivationOutput[] },
): Graph {
  const params = paramInputs(dualEncoderParams(config))
  const { batch_size: batch, sequence_length: length } = marks
  const size = config.vision_config.image_size
  const asOutputs = (all: Activations) => Object.fromEntries(outputs.map((name) => [name, all[activationOutputs[name]]]))
  const graph =
    tower === 'image'
      ? trace(
          (inputs) => {
            const { embedding, ...inner } = imageTower(inputs, config, inputs.pixel_values!)
            return { image_embeds: normalize(embedding), ...asOutputs(inner) }
          },
          { pixel_values: { dtype: 'float32', shape: [batch, 3, size, size] }, ...params },
          { cpuOnly, marks, name: 'vision_model' },
        )
      : trace(
          (inputs) => {
            const { embedding, ...inner } = textTower(inputs, config, inputs.input_ids!, inputs.attention_mask!)
            return { text_embeds: normalize(embedding), ...asOutputs(inner) }
          },
          { input_ids: { dtype: 'int32', shape: [batch, length] }, attention_mask: { dtype: 'int32', shape: [batch, length] }, ...params },
          { cpuOnly, marks, name: 'text_model' },
        )
  return prune(graph)
}

/** Turns the parameter inputs of a traced tower into initializers. */
export function bindParams(graph: Graph, params: Params): Graph {
  const bound = graph.inputs.filter(({ name }) => params[name])
  const initializers = new Map(graph.initializers)
  for (const { name } of bound) initializers.set(name, { dtype: 'float32', dims: params[name]!.shape, data: params[name]!.data })
  return { ...graph, inputs: graph.inputs.filter((input) => !bound.includes(input)), initializers }
}
