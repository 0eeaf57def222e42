import { concepts } from '../corpora/emoji/concepts.ts'
import type { RetrievalTask } from '../corpora/retrieval-task.ts'
import { emojiClassLanguages, emojiClassTask } from './emoji-classes.ts'
import { captionsOf, defaultQueries } from './retrieval.ts'
import { zeroShotTemplates } from './templates.ts'
import type { ZeroShotTask } from './zero-shot.ts'

/** A classification of a task's images, and the sentences that class names are put into. */
export interface ClassTask {
  task: ZeroShotTask & { images: number[] }
  templates: readonly string[]
}

/**
 * The classifications that a retrieval task's images allow, named in its language: emoji by Unicode group and subgroup, images of users'
 * corpora by their class, whose name is the same in every language. None where there is nothing to choose between: without classes, with one class only, with a class for
 * each image, and for emoji in a language that emojibase does not name groups in.
 */
export function classTasks(task: RetrievalTask): ClassTask[] {
  const asked = defaultQueries(captionsOf(task), task.imageQueries)
  if (asked.every((image) => concepts().has(task.images[image]!.classId ?? ''))) {
    if (!emojiClassLanguages().includes(task.language)) return []
    const templates = zeroShotTemplates(task.language, 'drawing')
    return (['groups', 'subgroups'] as const).map((kind) => ({ task: emojiClassTask(task, kind), templates })).filter(isChoice)
  }
  return [{ task: ownClasses(task, asked), templates: zeroShotTemplates(task.language, 'photo') }].filter(isChoice)
}

/** Images by the class that their corpus gives them, named as it is written there; images without one are left out. */
function ownClasses({ corpus, protocol, language, images }: RetrievalTask, asked: number[]): ClassTask['task'] {
  const classed = asked.filter((image) => images[image]!.classId !== undefined)
  const classes = [...new Set(classed.map((image) => images[image]!.classId!))]
  const places = new Map(classes.map((name, i) => [name, i]))
  const labels = classed.map((image) => places.get(images[image]!.classId!)!)
  return { corpus, protocol, language, kind: 'classes', classes, labels, images: classed }
}

function isChoice({ task }: ClassTask): boolean {
  return task.classes.length > 1 && task.classes.length < task.labels.length
}
