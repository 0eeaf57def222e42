import { type Loss, withGradients } from '../engine/gradients.ts'
import { type Params, paramInputs } from '../engine/params.ts'
import { tf } from '../engine/tf.ts'
import type { InputSpecs, TensorFunction, Tensors } from '../engine/trace/trace.ts'
import { type Block, blockSize, evenBlocks, inBlocks } from '../models/blocks.ts'
import type { ClipConfig } from '../models/config.ts'
import { logitScale } from '../models/dual-encoder.ts'
import { allGates, gateFeatures, gatesOf } from '../models/gates.ts'
import { type Activations, normalize } from '../models/layers.ts'
import { textTower } from '../models/text.ts'
import { imageTower, patchCount } from '../models/vision.ts'
import { adapt } from './adapters.ts'
import { inputSpecs, objectiveInputs } from './inputs.ts'
import { comparedLayers, innerNeeds, innerTowers, requireComparable } from './objectives/inner-layers.ts'
import type { InnerContext, InnerLayer, Objective, ObjectiveContext, Tower, Weights } from './objectives/objective.ts'
import { requireNeeds } from './objectives/requirements.ts'
import { defaultObjectiveSettings } from './objectives/settings.ts'
import { objectives } from './objectives/table.ts'
import { compacted } from './shrink/compactors.ts'
import { type StepPlan, type StepShape, type StepSpecialist, specialistOf, teacherOf } from './step-shape.ts'

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
  const plan: StepPlan = { ...shape, objectiveSettings: shape.objectiveSettings ?? defaultObjectiveSettings, config, weights }
  const loss: Loss = (params, inputs) => {
    const contexts = embed(plan, compacted(params, allGates(config)), inputs)
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
  return { fn: withGradients(loss, trained), specs: { ...paramInputs(params), ...inputSpecs(plan) } }
}

/** Whether an objective compares with the language's own teacher; classes lie in the general teacher's space. */
function comparesFeatures({ needs }: Objective): boolean {
  return needs.includes('teacher') && !needs.includes('centroids')
}

/** Runs both towers once (the image tower a second time for masked images) and gives each language its part. */
function embed(plan: StepPlan, params: Tensors, inputs: Tensors): { context: ObjectiveContext; weight: number }[] {
  const { config, batchSize: B, languages, objectiveSettings } = plan
  const pixels = inputs.pixel_values
  const towers = {
    image: pixels && encodeImages(params, config, pixels, inputs.keep),
    text: inputs.input_ids && encodeTexts(params, config, inputs, plan.textBlocks),
  }
  const rawImage = inputs.kept_image ?? towers.image?.embedding // [B, E]
  const rawText = towers.text?.embedding // [L·B, E]
  const masked = inputs.mask_keep && encodeImages(params, config, pixels!, inputs.mask_keep).embedding // [B, E]
  const image = rawImage && normalize(rawImage)
  const scale = logitScale(params)
  /** In a teacher's space; `unit` is n(raw), for where that is the student's. */
  const project = (raw: tf.Tensor, tower: Tower, specialist?: StepSpecialist, unit?: tf.Tensor) => {
    const adapted = adapt(params, raw, tower, specialist?.languages)
    return adapted ? normalize(adapted) : (unit ?? normalize(raw))
  }
  /** Images in the space of each teacher: the same for all of its languages. */
  const imagesFor = new Map(
    [undefined, ...(plan.specialists ?? [])].map((specialist) => {
      const projectedImage = rawImage && project(rawImage, 'image', specialist, image)
      const maskedImage = masked && project(masked, 'image', specialist)
      return [specialist, { projectedImage, maskedImage, imageTerms: new Map<string, tf.Tensor>() }]
    }),
  )
  return languages.map((language, i) => {
    const raw = rawText && tf.slice(rawText, [i * B, 0], [B, config.projection_dim])
    const specialist = specialistOf(plan, language)
    const text = raw && normalize(raw)
    const context: ObjectiveContext = {
      image,
      text,
      ...imagesFor.get(specialist)!,
      projectedText: raw && project(raw, 'text', specialist, text),
      generalImage: imagesFor.get(undefined)!.projectedImage,
      scale,
      teacherScale: teacherOf(plan, language)?.logitScale,
      inputs: objectiveInputs(plan, inputs, language),
      inner: innerContexts(plan, inputs, towers, i),
      params,
      objectiveSettings,
    }
    return { context, weight: specialist?.weight ?? 1 }
  })
}

/** The student's inner layers, the part of one language: all images, and its texts. */
function innerContexts(
  { config, weights, batchSize: B }: StepPlan,
  inputs: Tensors,
  towers: Partial<Record<Tower, Partial<Activations>>>,
  language: number,
): Partial<Record<Tower, InnerContext>> {
  const contexts = innerTowers(weights).map((tower): [Tower, InnerContext] => {
    const part = (x: tf.Tensor) => (tower === 'image' ? x : tf.slice(x, [language * B], [B]))
    const gates = gatesOf(tower, config)
    const { means, ...lastLayer } = towers[tower]!
    // Gate features are of the weights as they are, not as compactors make them.
    const layerOf = (layer: InnerLayer) => (layer === 'gates' ? gateFeatures(inputs, gates, means!) : lastLayer[layer]!)
    const layers = Object.fromEntries(comparedLayers(weights, tower).map((layer) => [layer, part(layerOf(layer))]))
    return [tower, { layers, gates, ...(tower === 'text' && { attended: tf.cast(part(inputs.attention_mask!), 'float32') }) }] // [B, T]
  })
  return Object.fromEntries(contexts)
}

/** What nothing is made of, such as a last layer that no objective compares, is pruned from the compiled step. */
function encodeImages(params: Tensors, config: ClipConfig, pixels: tf.Tensor, keep?: tf.Tensor): ReturnType<typeof imageTower> {
  const size = blockSize(config.vision_config, (keep?.shape[1] ?? patchCount(config)) + 1)
  return inBlocks(
    evenBlocks(pixels.shape[0]!, size),
    (...[pixels, keep]) => imageTower(params, config, pixels!, keep),
    pixels,
    ...(keep ? [keep] : []),
  )
}

/** Sorted texts of different lengths have no last layer in common. */
function encodeTexts(params: Tensors, config: ClipConfig, inputs: Tensors, blocks?: Block[]): { embedding: tf.Tensor } & Partial<Activations> {
  const [ids, attended] = [inputs.input_ids!, inputs.attention_mask!]
  const encode = (...[ids, attended]: tf.Tensor[]) => textTower(params, config, ids!, attended!)
  if (!blocks) return inBlocks(evenBlocks(ids.shape[0]!, blockSize(config.text_config, ids.shape[1]!)), encode, ids, attended)
  const { embedding } = inBlocks(blocks, (...block) => ({ embedding: encode(...block).embedding }), ids, attended)
  return { embedding: tf.gather(embedding, inputs.text_order!) }
}
