import { UserError } from '../base/errors.ts'
import { concepts } from '../corpora/emoji/concepts.ts'
import { emojiText } from '../corpora/emoji/text.ts'
import type { RetrievalTask } from '../corpora/retrieval-task.ts'
import { captionsOf, defaultQueries } from './retrieval.ts'
import type { ZeroShotTask } from './zero-shot.ts'

export type EmojiClassKind = 'groups' | 'subgroups'

/** The languages in which emojibase names groups and subgroups. */
export function emojiClassLanguages(): string[] {
  return Object.keys(emojiText().groups)
}

/**
 * The image queries of an emoji protocol as a classification by Unicode group (`animals & nature`) or subgroup (`bird`), named in the
 * task's language. Classes that no image has are left out, so that chance is what the number of classes says; subgroups of one name
 * are one class.
 * @returns the classification; its `images` are those of `task`, so that embeddings of all of its images can be given to zeroShot
 * @throws UserError for a language without names of groups, and for images that are no emoji
 */
export function emojiClassTask(task: RetrievalTask, kind: EmojiClassKind): ZeroShotTask & { images: number[] } {
  const { corpus, protocol, language } = task
  const where = `zero-shot ${kind}, ${protocol} (${language})`
  const names = emojiText()[kind][language]
  if (!names) {
    throw new UserError({
      where,
      expected: `a language with names of ${kind} (${emojiClassLanguages().join(', ')})`,
      got: language,
      hint: 'Leave this language out.',
    })
  }
  const classes = new Map<string, number>()
  const images = defaultQueries(captionsOf(task), task.imageQueries)
  const labels = images.map((image) => {
    const concept = concepts().get(task.images[image]!.classId ?? '')
    if (!concept) {
      throw new UserError({
        where,
        expected: 'images of emoji, each with its code as class',
        got: `${task.images[image]!.id}, of class ${task.images[image]!.classId ?? 'none'}`,
        hint: 'Groups are known of the emoji corpus only.',
      })
    }
    const name = names[kind === 'groups' ? concept.group : concept.subgroup]!
    if (!classes.has(name)) classes.set(name, classes.size)
    return classes.get(name)!
  })
  return { corpus, protocol, language, kind, classes: [...classes.keys()], labels, images }
}
