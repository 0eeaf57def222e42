import { type Loss, withGradients } from '../engine/gradients.ts'
import { type Params, paramInputs } from '../engine/params.ts'
import { tf } from '../engine/tf.ts'
import type { InputSpecs, TensorFunction, Tensors } from '../engine/trace/trace.ts'
import type { ClipConfig } from '../models/config.ts'
import { contextsOf } from './contexts.ts'
import { inputSpecs } from './inputs.ts'
import { innerNeeds, requireComparable } from './objectives/inner-layers.ts'
import type { Objective, Weights } from './objectives/objective.ts'
import { requireNeeds } from './objectives/requirements.ts'
import { defaultObjectiveSettings } from './objectives/settings.ts'
import { objectives } from './objectives/table.ts'
import type { StepPlan, StepShape } from './step-shape.ts'
import { runTowers, type TowerOutputs } from './towers.ts'

/**
 * The training step's function and its inputs: the parameters, and what inputs.ts lists, as far as objectives need it. A step of texts alone has no input of images, one of images alone none of texts.
 * Outputs: loss, one scalar per objective, gradients.
 * @throws UserError for an objective that needs what the step does not have
 */
export function trainingStep(
  config: ClipConfig,
  params: Params,
  trained: string[],
  weights: Weights,
  shape: StepShape,
): { fn: TensorFunction; specs: InputSpecs } {
  const plan = planOf(config, weights, shape)
  const loss: Loss = (params, inputs) => lossOf(plan, params, runTowers(plan, params, inputs), inputs)
  return { fn: withGradients(loss, trained), specs: { ...paramInputs(params), ...inputSpecs(plan) } }
}

/** @throws UserError for an objective that needs what a step of this shape does not have */
export function planOf(config: ClipConfig, weights: Weights, shape: StepShape): StepPlan {
  requireNeeds(weights, {
    images: shape.alone !== 'text',
    texts: shape.alone !== 'image',
    pairs: !shape.alone && !shape.unpaired,
    teacher: shape.teacher !== undefined,
    'one-teacher': !shape.specialists?.length,
    classes: true,
    'masked-image': true,
    centroids: shape.centroids !== undefined,
    ...innerNeeds(shape.inner),
  })
  requireComparable(config, weights, shape)
  return { ...shape, objectiveSettings: shape.objectiveSettings ?? defaultObjectiveSettings, config, weights }
}

/** The weighted sum of all objectives, each the mean over languages, and every objective's own value. */
export function lossOf(plan: StepPlan, params: Tensors, towers: TowerOutputs, inputs: Tensors): { loss: tf.Tensor } & Tensors {
  const { weights } = plan
  const contexts = contextsOf(plan, params, towers, inputs)
  const scalars: Tensors = {}
  for (const name of Object.keys(weights)) {
    const objective = objectives[name]!
    const perLanguage = contexts.map(({ context, weight }) => {
      const value = objective.loss(context)
      return weight !== 1 && comparesFeatures(objective) ? tf.mul(value, weight) : value
    })
    scalars[name] = tf.div(tf.addN(perLanguage), perLanguage.length)
  }
  const terms = Object.entries(weights).map(([name, weight]) => tf.mul(scalars[name]!, weight))
  return { loss: terms.length === 1 ? terms[0]! : tf.addN(terms), ...scalars }
}

/** Whether an objective compares with the language's own teacher; classes lie in the general teacher's space. */
function comparesFeatures({ needs }: Objective): boolean {
  return needs.includes('teacher') && !needs.includes('centroids')
}
