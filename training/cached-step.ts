import { gradientOf, withGradients } from '../engine/gradients.ts'
import { type Params, paramInputs } from '../engine/params.ts'
import { tf } from '../engine/tf.ts'
import type { InputSpecs, TensorFunction, Tensors } from '../engine/trace/trace.ts'
import type { ClipConfig } from '../models/config.ts'
import { inputSpecs } from './inputs.ts'
import type { Tower, Weights } from './objectives/objective.ts'
import { trainedTowers } from './objectives/table.ts'
import { lossOf, planOf } from './step.ts'
import type { StepPlan, StepShape } from './step-shape.ts'
import { runTowers } from './towers.ts'

interface Traceable {
  fn: TensorFunction
  specs: InputSpecs
}

/** The graphs of a step by gradient caching. */
export interface CachedStep<Graph = Traceable> {
  /** A micro-batch's raw embeddings: `image_embeds` [b, E], `text_embeds` [L·b, E]. */
  embed: Graph
  /** Of the whole batch's embeddings [B, E], [L·B, E]: loss, one scalar per objective, gradients, those of the embeddings among them. */
  loss: Graph
  /** Of a micro-batch and its part of the embeddings' gradients: what it adds to the gradients of parameters. */
  replay: Graph
}

export type MicroShape = Pick<StepShape, 'batchSize' | 'textBlocks'>

/** Names of the towers' embeddings between the graphs. */
export const embedsOf = (tower: Tower) => `${tower}_embeds`

/**
 * A step in three graphs (gradient caching, Gao et al. 2021, arXiv 2101.06983): a loss reaches the towers through their embeddings e alone, so
 * dL/dθ = Σ over micro-batches of d(e · g)/dθ with g = dL/de held fixed. Only one micro-batch's activations are there at a time.
 * @param micro what a micro-batch, of which the batch has several, has beside its `shape`
 * @throws UserError for an objective that needs what the step does not have
 */
export function cachedStep(config: ClipConfig, params: Params, trained: string[], weights: Weights, shape: StepShape, micro: MicroShape): CachedStep {
  const whole = planOf(config, weights, shape)
  const part: StepPlan = { ...whole, batchSize: micro.batchSize, textBlocks: micro.textBlocks }
  const weightSpecs = paramInputs(params)
  const towerSpecs = inputSpecs(part, 'towers')
  const embeds = trainedTowers(weights).filter((tower) => (tower === 'image' ? 'pixel_values' : 'input_ids') in towerSpecs)
  const rowsOf = (plan: StepPlan, tower: Tower) => (tower === 'image' ? plan.batchSize : plan.languages.length * plan.batchSize)
  const embedSpecs = (plan: StepPlan, name: (tower: Tower) => string): InputSpecs =>
    Object.fromEntries(embeds.map((tower) => [name(tower), { dtype: 'float32', shape: [rowsOf(plan, tower), config.projection_dim] }]))
  const encode = (inputs: Tensors) => {
    const outputs = runTowers(part, inputs, inputs)
    return embeds.map((tower) => ({ tower, embedding: outputs[tower]!.embedding }))
  }
  const given = (inputs: Tensors) => Object.fromEntries(embeds.map((tower) => [tower, { embedding: inputs[embedsOf(tower)]! }]))
  const slope = (inputs: Tensors) =>
    tf.addN(encode(inputs).map(({ tower, embedding }) => tf.sum(tf.mul(embedding, inputs[gradientOf(embedsOf(tower))]!))))
  return {
    embed: {
      fn: (inputs) => Object.fromEntries(encode(inputs).map(({ tower, embedding }) => [embedsOf(tower), embedding])),
      specs: { ...weightSpecs, ...towerSpecs },
    },
    loss: {
      fn: withGradients((params, inputs) => lossOf(whole, params, given(inputs), inputs), [...trained, ...embeds.map(embedsOf)]),
      specs: { ...weightSpecs, ...inputSpecs(whole, 'objectives'), ...embedSpecs(whole, embedsOf) },
    },
    replay: {
      fn: withGradients((inputs) => ({ loss: slope(inputs) }), trained),
      specs: { ...weightSpecs, ...towerSpecs, ...embedSpecs(part, (tower) => gradientOf(embedsOf(tower))) },
    },
  }
}
