import { UserError } from '../../base/errors.ts'
import { noInnerTeacher } from './inner.ts'
import type { Need, Tower, Weights } from './objective.ts'
import { objectives } from './table.ts'

/** What a step can give to objectives. */
export type Available = Partial<Record<Need, boolean>>

/**
 * Checks that every objective gets what it needs.
 * @throws UserError that names the first objective that does not
 */
export function requireNeeds(weights: Weights, available: Available, flag = '--objective'): void {
  for (const name of Object.keys(weights)) {
    const missing = objectives[name]!.needs.find((need) => !available[need])
    if (missing) throw refusal(name, missing, flag)
  }
}

function refusal(name: string, need: Need, flag: string): UserError {
  const [, tower] = /^(?:hidden|attention|gates)-(image|text)$/.exec(need) ?? []
  if (tower) return noInnerTeacher(name, tower as Tower)
  const where = `${flag} ${name}`
  if (need === 'texts') {
    const hint = 'Take one of an image tower alone (fd-image, rkd-image, mfd-image, smooth-l1-image), or add texts.'
    return new UserError({ where, expected: 'texts', got: 'images alone', hint })
  }
  if (need === 'pairs') {
    const hint = `Leave ${name} out here: crd, icl, fd, mfd, rkd and smooth-l1 need no pairs.`
    return new UserError({ where, expected: 'images with captions', got: 'unpaired ones', hint })
  }
  if (need === 'images') {
    const hint =
      'Take one of a text tower alone (fd-text, rkd-text, smooth-l1-text, hidden-text, attention-text, gates-text), or a corpus with images.'
    return new UserError({ where, expected: 'images', got: 'a corpus of texts alone', hint })
  }
  if (need === 'teacher') {
    const hint = `Only stage 1 has one: run stage1 with --teacher, or leave ${name} out.`
    return new UserError({ where, expected: 'a teacher', got: 'training without one', hint })
  }
  if (need === 'one-teacher') {
    const hint = `Leave ${name} or --specialists out; --ensemble works with it.`
    return new UserError({ where, expected: 'one teacher for all languages', got: 'specialists', hint })
  }
  return new UserError({ where, expected: `a step that has ${need}`, got: 'none', hint: `Leave ${name} out here.` })
}
