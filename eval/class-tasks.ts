import type { Classification } from '../corpora/classification.ts'
import type { RetrievalTask } from '../corpora/retrieval-task.ts'
import { captionsOf, defaultQueries } from './retrieval.ts'
import { zeroShotTemplates } from './templates.ts'
import type { ZeroShotTask } from './zero-shot.ts'

/** A classification of a task's images, and the sentences that class names are put into. */
export interface ClassTask {
  task: ZeroShotTask & { images: number[] }
  templates: readonly string[]
}

/**
 * The classifications of a retrieval task's image queries, with class names in its language. Images without a class, and classes that no
 * image has, are left out. None where there is nothing to choose between: without classes, with one class only, with a class for
 * each image, and in a language that the classes have no names in.
 */
export function classTasks(task: RetrievalTask, classifications: readonly Classification[]): ClassTask[] {
  return classifications
    .filter(({ languages }) => languages?.includes(task.language) ?? true)
    .map((classification) => ({ task: classTask(task, classification), templates: zeroShotTemplates(task.language, classification.templates) }))
    .filter(({ task: { classes, labels } }) => classes.length > 1 && classes.length < labels.length)
}

function classTask(task: RetrievalTask, { kind, nameOf }: Classification): ClassTask['task'] {
  const { corpus, protocol, language } = task
  const named = defaultQueries(captionsOf(task), task.imageQueries).flatMap((image) => {
    const name = nameOf(task.images[image]!, language)
    return name === undefined ? [] : [{ image, name }]
  })
  const classes = [...new Set(named.map(({ name }) => name))]
  const indices = new Map(classes.map((name, i) => [name, i]))
  return {
    corpus,
    protocol,
    language,
    kind,
    classes,
    labels: named.map(({ name }) => indices.get(name)!),
    images: named.map(({ image }) => image),
  }
}
