import type { Language } from '../corpora/sample.ts'
import type { Block } from '../models/blocks.ts'
import type { ClipConfig } from '../models/config.ts'
import { patchCount } from '../models/vision.ts'
import type { InnerShapes } from './objectives/inner-layers.ts'
import type { Tower, Weights } from './objectives/objective.ts'
import type { ObjectiveSettings } from './objectives/settings.ts'

interface StepTeacher {
  embedDim: number // Et
  logitScale: number // sT
}

/** A teacher of some languages, which it takes over from the general one. */
export interface StepSpecialist extends StepTeacher {
  languages: Language[]
  /** Factor of its languages' losses, beside the general teacher's 1. */
  weight: number
}

export interface StepShape {
  batchSize: number // B
  textLength: number // T, tokens
  /** Texts come sorted, longest first, and go through the tower in these blocks; default: all T tokens in any order. */
  textBlocks?: Block[]
  languages: Language[] // L
  /** Fraction of patches that enter the image tower. */
  keepPatches: number
  /** Teacher's dimension and temperature; absent when training without one. */
  teacher?: StepTeacher
  specialists?: StepSpecialist[]
  /** Class centroids in the teacher's space. */
  centroids?: number // M
  /** The teacher's inner layers. */
  inner?: InnerShapes
  /** Settings of objectives beyond their weight. */
  objectiveSettings?: ObjectiveSettings
  /** The only tower that is there: texts without images, or images without texts. */
  alone?: Tower
  /** Images and texts that do not belong together. */
  unpaired?: boolean
  /** Embeddings of images come as inputs, of a tower that is kept: only the text tower is there, too. */
  keptImage?: boolean
}

/** All that the inputs of a step follow from. */
export interface StepPlan extends StepShape {
  config: ClipConfig
  weights: Weights
  objectiveSettings: ObjectiveSettings
}

export function keptPatches(config: ClipConfig, fraction: number): number {
  return Math.max(1, Math.round(patchCount(config) * fraction))
}

interface TeachersOf<Teacher, Specialist> {
  teacher?: Teacher
  specialists?: Specialist[]
}

export function specialistOf<S extends { languages: Language[] }>({ specialists = [] }: { specialists?: S[] }, language: Language): S | undefined {
  return specialists.find(({ languages }) => languages.includes(language))
}

/** The teacher of a language: its specialist, else the general one. */
export function teacherOf<T, S extends { languages: Language[] }>(all: TeachersOf<T, S>, language: Language): T | S | undefined {
  return specialistOf(all, language) ?? all.teacher
}

/** All teachers by the name that their inputs carry: '' for the general one, `zh+ja` for a specialist. */
export function teachersOf<T, S extends { languages: Language[] }>({ teacher, specialists = [] }: TeachersOf<T, S>): Record<string, T | S> {
  return Object.fromEntries([...(teacher ? [['', teacher] as const] : []), ...specialists.map((one) => [one.languages.join('+'), one] as const)])
}
