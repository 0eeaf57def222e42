import { closest, distance } from 'fastest-levenshtein'

/** The one of `valid` that is fewest edits away from `written`, for "did you mean". */
export function nearest(written: string, valid: readonly string[]): string {
  return closest(written, valid)
}

/**
 * "Did you mean …? " of settings, by flag or by name. Names are compared without the stage that they are of; where both stages have it, both are named, unless one was
 * written. Nothing where half of the letters are others.
 */
export function didYouMean(written: string, valid: readonly string[]): string {
  const [stage, name] = parts(written)
  const near = nearest(
    name,
    valid.map((other) => parts(other)[1]),
  )
  if (distance(name, near) > name.length / 2) return ''
  const meant = valid.filter((other) => parts(other)[1] === near)
  const ofStage = meant.filter((other) => parts(other)[0] === stage)
  return `Did you mean ${(stage !== '' && ofStage.length > 0 ? ofStage : meant).join(' or ')}? `
}

function parts(setting: string): [stage: string, name: string] {
  const path = setting.replace(/^--/, '').split('.')
  return [path.slice(0, -1).join('.'), path.at(-1)!]
}
