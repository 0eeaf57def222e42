import type { Classification } from '../classification.ts'
import type { Language } from '../sample.ts'
import { concepts } from './concepts.ts'
import { classTemplates } from './templates.ts'
import { emojiText } from './text.ts'

/** The languages in which emojibase names groups and subgroups. */
export function emojiClassLanguages(): Language[] {
  return Object.keys(emojiText().groups)
}

/**
 * Emoji by Unicode group (`animals & nature`) and by subgroup (`bird`), named as emojibase names them. Subgroups of one name are one
 * class. An image whose class is no concept has no name.
 */
export function emojiClassifications(): Classification[] {
  return (['groups', 'subgroups'] as const).map((kind) => ({
    kind,
    languages: emojiClassLanguages(),
    templates: classTemplates,
    nameOf: ({ classId = '' }, language) => {
      const concept = concepts().get(classId)
      return concept && emojiText()[kind][language]?.[kind === 'groups' ? concept.group : concept.subgroup]
    },
  }))
}
