import type { Corpus, Language, TextCorpus } from '../corpora/sample.ts'
import type { BatchSource } from './batch.ts'
import type { Targets } from './data/targets.ts'
import { loadTrainingSet, type TrainingSet } from './data/training-set.ts'
import type { Weights } from './objectives/objective.ts'
import type { Teachers } from './teachers/teachers.ts'

/** What a stage learns from: a set of its own, with objectives and a share of every step's loss. */
export interface Source {
  /** As it is announced, logged and compared when a run is resumed. */
  name: string
  set: TrainingSet
  weights: Weights
  /** Part of a step's loss; those of all sources are 1 together. */
  share: number
  /** Items of a step; default: --batch-size. */
  batchSize?: number
  /** Absent: it is learnt without a teacher. */
  distillation?: Distillation
  /** Said before training: what the set is made of. */
  notes?: string[]
}

/** A source with its pixels and features; its weights have its share in them already. */
export interface OpenSource extends BatchSource, Pick<Source, 'name' | 'notes' | 'share'> {}

export interface Distillation {
  /** Released once the features of all sources are stored. */
  teachers: Teachers
  /** Stored augmentations of every image; 0: teachers run at every step. */
  variants: number
  /** What the teachers see of an image. */
  targets: Targets
  /** The language that teachers read for all. */
  pivot?: Language
}

/**
 * A corpus with its captions, as the only source. Where teachers read a language that no other stands in for, a pivot or that of a specialist, images without
 * captions in it are left out. Throws UserError as loadTrainingSet does.
 */
export async function captionedSource(
  corpus: Corpus | TextCorpus,
  languages: Language[],
  options: { weights: Weights; distillation?: Distillation; classColumn?: string },
): Promise<Source> {
  const { weights, distillation, classColumn } = options
  const needed = [distillation?.pivot ?? [], distillation?.teachers.others.map((teacher) => teacher.languages ?? []) ?? []].flat(2)
  return { name: corpus.name, set: await loadTrainingSet(corpus, 'train', languages, { classColumn, needed }), weights, share: 1, distillation }
}

/** The weights of its objectives in a step's loss. */
export function sharedWeights({ weights, share }: Source): Weights {
  return Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, weight * share]))
}
