import { UserError } from '../base/errors.ts'
import { mean } from './metrics.ts'
import { rankRow } from './ranks.ts'
import { embedDim, pickRows, requireEqualDims, scoreRows, unitRows } from './similarity.ts'

/** One zero-shot classification: images to name, and the names to choose from, in one language. */
export interface ZeroShotTask {
  corpus: string
  protocol: string
  language: string
  /** What kind of classes these are, e.g. `groups`; shown in reports. */
  kind: string
  /** Names of the classes in `language` [C]. */
  classes: string[]
  /** Index of each image's class [N]. */
  labels: number[]
  /** Which rows of the image embeddings these are [N]; default all, in order. */
  images?: number[]
}

export interface ZeroShotResult {
  /** Share of images whose class comes first, and among the first five (CLIP_benchmark's acc1, acc5). */
  top1: number
  top5: number
  /** Mean over the classes that have images of the share of their images whose class comes first. */
  meanPerClass: number
  /** Rank of each image's class, from 1; ties as in rankRow [N]. */
  ranks: Int32Array
  /** For each class [C] what its images were taken for: class → how many. */
  confusion: Map<number, number>[]
}

/**
 * Classifies images by prompts alone: embeds every class in every template, averages, and takes the nearest class.
 * @param templates with `{}` where the name goes, see zeroShotTemplates
 * @param imageEmbeds [N, E], or more rows where `task.images` picks some
 * @param embedTexts texts → [n, E]
 */
export async function zeroShot(
  task: ZeroShotTask,
  templates: readonly string[],
  imageEmbeds: Float32Array,
  embedTexts: (texts: string[]) => Promise<Float32Array>,
): Promise<ZeroShotResult> {
  const prompts = await embedTexts(zeroShotPrompts(task.classes, templates))
  return classifyZeroShot(task, imageEmbeds, classEmbeddings(prompts, task.classes.length, templates.length))
}

/**
 * Every class in every template: the texts to embed, class after class, template by template.
 * @param templates with `{}` where the name goes
 * @returns [C · templates]
 */
export function zeroShotPrompts(classes: readonly string[], templates: readonly string[]): string[] {
  return classes.flatMap((name) => templates.map((template) => template.replace('{}', () => name)))
}

/**
 * Class embeddings from prompt embeddings: n(mean over the templates of n(prompt)). Source: CLIP's prompt ensembling in embedding
 * space (arXiv 2103.00020, §3.1.4).
 * @param promptEmbeds [C · templates, E], in the order of zeroShotPrompts; need not be normalised
 * @returns [C, E], of length 1
 */
export function classEmbeddings(promptEmbeds: Float32Array, classes: number, templates: number): Float32Array {
  const dim = embedDim('zero-shot prompts', promptEmbeds, classes * templates)
  const unit = unitRows(promptEmbeds, dim)
  const sums = new Float32Array(classes * dim)
  for (let i = 0; i < unit.length; i++) {
    const row = Math.floor(i / dim / templates)
    sums[row * dim + (i % dim)]! += unit[i]! / templates
  }
  return unitRows(sums, dim)
}

/**
 * Names each image by the nearest class.
 * @param imageEmbeds [N, E], need not be normalised; more rows where `task.images` picks some
 * @param classEmbeds [C, E], from classEmbeddings
 * @throws UserError for embeddings that are not finite or not of equal length, fewer than two classes, a label outside the classes
 */
export function classifyZeroShot(task: ZeroShotTask, imageEmbeds: Float32Array, classEmbeds: Float32Array): ZeroShotResult {
  const where = `zero-shot ${task.kind}, ${task.protocol} (${task.language})`
  const count = task.classes.length
  requireClasses(where, task)
  const dim = embedDim(`${where}, classes`, classEmbeds, count)
  const picked = task.images ? pickRows(imageEmbeds, task.images, dim) : imageEmbeds
  requireEqualDims(where, embedDim(`${where}, images`, picked, task.labels.length), dim)
  const images = unitRows(picked, dim)
  const classes = unitRows(classEmbeds, dim)

  const confusion = task.classes.map(() => new Map<number, number>()) // a matrix of thousands of classes would not fit into memory
  const ranks = new Int32Array(task.labels.length)
  const scores = new Float32Array(count)
  task.labels.forEach((label, i) => {
    scoreRows(images, i, i + 1, classes, dim, scores)
    ranks[i] = rankRow(scores, [label])
    const taken = predicted(scores, label)
    confusion[label]!.set(taken, (confusion[label]!.get(taken) ?? 0) + 1)
  })
  const share = (cutoff: number) => ranks.filter((rank) => rank <= cutoff).length / ranks.length
  const perClass = confusion.flatMap((row, label) => {
    const total = [...row.values()].reduce((sum, images) => sum + images, 0)
    return total > 0 ? [(row.get(label) ?? 0) / total] : []
  })
  return { top1: share(1), top5: share(5), meanPerClass: mean(perClass), ranks, confusion }
}

/** The nearest class; where the right one ties with another, that other, as ties do not help the model anywhere else. */
function predicted(scores: Float32Array, label: number): number {
  let best = label === 0 ? 1 : 0
  for (let c = 0; c < scores.length; c++) if (c !== label && scores[c]! > scores[best]!) best = c
  return scores[label]! > scores[best]! ? label : best
}

function requireClasses(where: string, { classes, labels }: ZeroShotTask): void {
  if (classes.length < 2) {
    throw new UserError({ where, expected: 'at least two classes', got: String(classes.length), hint: 'There is nothing to choose between.' })
  }
  const outside = labels.find((label) => classes[label] === undefined)
  if (outside === undefined) return
  throw new UserError({
    where,
    expected: `labels in 0…${classes.length - 1}`,
    got: String(outside),
    hint: 'The label points outside the classes; were classes dropped after the labels were made?',
  })
}
