import type { ParamSpecs } from '../../engine/params.ts'
import type { tf } from '../../engine/tf.ts'
import type { Tensors } from '../../engine/trace/trace.ts'
import type { Gate } from '../../models/gates.ts'
import type { ObjectiveSettings } from './settings.ts'

/** What an objective sees: one batch in one language. The step averages over languages. */
export interface ObjectiveContext {
  /** Student's unit embeddings n(u), n(w); no image where a step has texts alone. [B, E] */
  image?: tf.Tensor
  text: tf.Tensor
  /** The same in the teacher's space, û and ŵ: through an adapter where the dimensions differ. [B, Et] */
  projectedImage?: tf.Tensor
  projectedText: tf.Tensor
  /** û of images with most of their patches hidden; absent unless an objective needs it. [B, Et] */
  maskedImage?: tf.Tensor
  /** Student's s = exp(logit_scale). */
  scale: tf.Tensor
  /** 1 where image i and text j belong together; absent without images. [B, B] */
  positives?: tf.Tensor
  /** Losses of images alone, by objective: the same in all languages that have the same teacher, so computed once. */
  imageTerms?: Map<string, tf.Tensor>
  /** Class of every image. [B] int32; absent unless an objective needs it. */
  classes?: tf.Tensor
  /** Where classes lie in the teacher's space; absent unless an objective needs them. */
  centroids?: CentroidContext
  /** What is inside of both towers; absent unless an objective needs it. */
  inner?: Partial<Record<Tower, InnerContext>>
  /** Teacher's unit embeddings a, b and its sT; absent when training without a teacher. [B, Et] */
  teacher?: { image?: tf.Tensor; text: tf.Tensor; scale: number }
  /** The objectives' own parameters among all others, under the names that `params` gave them. */
  params: Tensors
  settings: ObjectiveSettings
}

interface CentroidContext {
  /** Unit vectors. [M, Et] */
  rows: tf.Tensor
  /** The centroid that every image of the batch belongs to. [B] int32 */
  target: tf.Tensor
  /** Cosine of the teacher's embedding of the image to its centroid, not below 0. [B] */
  confidence: tf.Tensor
  /** û in the space of the centroids' teacher. [B, Et] */
  image: tf.Tensor
}

/** What a tower shows of itself, the student's beside the teacher's. */
export interface InnerContext {
  student: Partial<Record<Shown, tf.Tensor>>
  teacher: Partial<Record<Shown, tf.Tensor>>
  /** Where the channels of `gates` belong. */
  gates: Gate[]
  /** 1 for tokens that count; absent where all do. [B, T] */
  attended?: tf.Tensor
}

/** Sizes that an objective's own parameters may depend on. */
export interface ObjectiveSizes {
  embedDim: number // E
  teacherDim: number // Et; E when there is no teacher
  classes: number // C
  /** Widths D, Dt of the towers whose last layers are compared. */
  inner?: Partial<Record<Tower, { student: number; teacher: number }>>
}

export type Tower = 'image' | 'text'
/** The last layer's output [B, T, D] and attention [B, H, T, T]; what passes all layers' gates, averaged over tokens [B, ΣC] (see gateFeatures). */
export type Shown = 'hidden' | 'attention' | 'gates'
export type Need = 'images' | 'teacher' | 'one-teacher' | 'classes' | 'masked-image' | 'centroids' | `${Shown}-${Tower}`

export interface Objective {
  name: string
  /** What must be in the context. */
  needs: Need[]
  /**
   * Which space it teaches. `own`: the student's joint space, so that images and texts find each other in it; `teacher`:
   * what an adapter makes of it; `inner`: none, the layers before it.
   */
  space: 'own' | 'teacher' | 'inner'
  /** The one tower that it teaches; absent where it teaches both. */
  tower?: Tower
  /** Parameters that learn beside the student and are dropped at the end; names start with `objective.NAME.` */
  params?(sizes: ObjectiveSizes): ParamSpecs
  /** A scalar, mean over the batch. */
  loss(context: ObjectiveContext): tf.Tensor
}

/** Objectives by name with their weights, as `--objective task:1,fd:4` gives them. */
export type Weights = Record<string, number>
