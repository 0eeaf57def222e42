import { concepts } from '../corpora/emoji/concepts.ts'
import { emojiText, wordsIn } from '../corpora/emoji/text.ts'
import type { RetrievalTask } from '../corpora/retrieval-task.ts'
import { UserError } from '../engine/errors.ts'
import { captionsOf } from './retrieval.ts'
import type { ZeroShotTask } from './zero-shot.ts'

export type EmojiClassKind = 'groups' | 'subgroups'

/** The languages in which emojibase names groups and subgroups. */
export function emojiClassLanguages(): string[] {
  return Object.keys(emojiText().groups)
}

/**
 * The images of an emoji protocol as a classification by Unicode group (`animals & nature`) or subgroup (`animal-bird`), named in the
 * task's language. An image's concept is read off its short name, which is unique within a language. Classes that no image of the
 * task has are left out, so that chance is what the number of classes says; subgroups of one name become one class.
 * @returns the task and, for each of its labels, the image of `task` it belongs to
 * @throws UserError for a language without names of groups, and for a protocol whose texts are not short names
 */
export function emojiClassTask(task: RetrievalTask, kind: EmojiClassKind): ZeroShotTask & { images: number[] } {
  const names = emojiText()[kind][task.language]
  const where = `zero-shot ${kind}, ${task.protocol} (${task.language})`
  if (!names) {
    throw new UserError({ where, expected: `a language with names of ${kind} (${emojiClassLanguages().join(', ')})`, got: task.language, hint: 'Leave this language out.' })
  }
  const codeOf = new Map(Object.entries(wordsIn(task.language)).map(([code, [name]]) => [name!, code]))
  const images: number[] = []
  const labels: number[] = []
  const classes = new Map<string, number>()
  captionsOf(task).forEach((texts, image) => {
    const code = texts.map((text) => codeOf.get(task.texts[text]!)).find((found) => found !== undefined)
    if (code === undefined) return
    const { group, subgroup } = concepts().get(code)!
    const name = names[kind === 'groups' ? group : subgroup]!
    if (!classes.has(name)) classes.set(name, classes.size)
    images.push(image)
    labels.push(classes.get(name)!)
  })
  if (images.length === 0) {
    throw new UserError({ where, expected: 'texts that are short names of emoji', got: 'none', hint: 'Use a protocol of the emoji corpus whose texts are CLDR names.' })
  }
  const { corpus, protocol, language } = task
  return { corpus, protocol, language, kind, classes: [...classes.keys()], labels, images }
}
