import type { ParamSpecs } from '../../engine/params.ts'
import type { tf } from '../../engine/tf.ts'
import type { Tensors } from '../../engine/trace/trace.ts'
import type { Gate } from '../../models/gates.ts'
import type { ObjectiveSettings } from './settings.ts'

/** What an objective sees: one batch in one language. The step averages over languages. */
export interface ObjectiveContext {
  /** Student's unit embeddings n(u), n(w); one of them where a step has texts or images alone. [B, E] */
  image?: tf.Tensor
  text?: tf.Tensor
  /** The same in the teacher's space, û and ŵ: through an adapter where the dimensions differ. [B, Et] */
  projectedImage?: tf.Tensor
  projectedText?: tf.Tensor
  /** û of images with most of their patches hidden; absent unless an objective needs it. [B, Et] */
  maskedImage?: tf.Tensor
  /** û in the space of the teacher of all languages, where class centroids lie. [B, Et] */
  generalImage?: tf.Tensor
  /** Student's s = exp(logit_scale). */
  scale: tf.Tensor
  /** sT; absent when training without a teacher. */
  teacherScale?: number
  /** What a batch brings beside images and texts. */
  inputs: ObjectiveInputs
  /** The student's inner layers; absent unless an objective needs them. */
  inner?: Partial<Record<Tower, InnerContext>>
  /** Losses of images alone, by objective: the same in all languages that have the same teacher, so computed once. */
  imageTerms?: Map<string, tf.Tensor>
  /** The objectives' own parameters among all others, under the names that `params` gave them. */
  params: Tensors
  objectiveSettings: ObjectiveSettings
}

/**
 * Inputs of a step that objectives read, each for its language. training/inputs.ts has a row for every one: type, shape, where its value comes from.
 *
 * - positives [B, B]: 1 where image i and text j belong together; absent where images and texts are unpaired
 * - teacher_image, teacher_text [B, Et]: the teacher's unit features
 * - classes [B] int32: class of every image
 * - class_centroids [M, Et]: unit vectors in the teacher's space; class_target [B] int32: that of every image; class_confidence [B]: cosine of the
 *   teacher's feature of the image to it, not below 0
 * - teacher_TOWER_hidden [B, T, Dt], teacher_TOWER_attention [B, Ht, T, T], teacher_TOWER_gates [B, ΣC]: the teacher's inner layers
 */
export type ObjectiveInput =
  | 'positives'
  | 'teacher_image'
  | 'teacher_text'
  | 'classes'
  | 'class_centroids'
  | 'class_target'
  | 'class_confidence'
  | `teacher_${Tower}_${InnerLayer}`
/** Only those that an objective of the step needs are there. */
export type ObjectiveInputs = Partial<Record<ObjectiveInput, tf.Tensor>>

/** A tower's inner layers in the student. */
export interface InnerContext {
  layers: Partial<Record<InnerLayer, tf.Tensor>>
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
export type InnerLayer = 'hidden' | 'attention' | 'gates'
/** `pairs`: images and texts that belong together. */
export type Need = 'images' | 'texts' | 'pairs' | 'teacher' | 'one-teacher' | 'classes' | 'masked-image' | 'centroids' | `${InnerLayer}-${Tower}`

export interface Objective {
  name: string
  /** What must be in the context. */
  needs: Need[]
  /**
   * Which space it teaches. `student`: the student's joint space, so that images and texts find each other in it; `teacher`:
   * what an adapter makes of it; `inner`: none, the layers before it.
   */
  space: 'student' | 'teacher' | 'inner'
  /** The one tower that it teaches; absent where it teaches both. */
  tower?: Tower
  /** Parameters that learn beside the student and are dropped at the end; names start with `objective.NAME.` */
  params?(sizes: ObjectiveSizes): ParamSpecs
  /** A scalar, mean over the batch. */
  loss(context: ObjectiveContext): tf.Tensor
}

/** Objectives by name with their weights, as `--objective task:1,fd:4` gives them. */
export type Weights = Record<string, number>
