import type { RetrievalTask } from './retrieval-task.ts'
import type { Language } from './sample.ts'

/** One way to sort a corpus' images into named classes. */
export interface Classification {
  /** What the classes are, e.g. `groups`; shown in reports. */
  kind: string
  /** Languages that the classes have names in; undefined where a name is the same in every language. */
  languages?: Language[]
  /** Prompt templates by language, `{}` the place of a name. */
  templates: Readonly<Record<Language, readonly string[]>>
  /** Name of an image's class in `language`; undefined for an image without a class. */
  nameOf(image: Pick<RetrievalTask['images'][number], 'classId'>, language: Language): string | undefined
}
