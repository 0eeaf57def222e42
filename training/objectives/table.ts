import { closest, distance } from 'fastest-levenshtein'
import { UserError } from '../../base/errors.ts'
import { initialize, type Params } from '../../engine/params.ts'
import { afd } from './afd.ts'
import { anchor } from './anchor.ts'
import { attention } from './attention.ts'
import { classEmbed } from './class-embed.ts'
import { crd } from './crd.ts'
import { fd } from './fd.ts'
import { gates } from './gates.ts'
import { gd } from './gd.ts'
import { hidden } from './hidden.ts'
import { icl } from './icl.ts'
import { mfd } from './mfd.ts'
import type { Need, Objective, ObjectiveSizes, Tower, Weights } from './objective.ts'
import { rkd } from './rkd.ts'
import { siglip } from './siglip.ts'
import { smoothL1 } from './smooth-l1.ts'
import { task } from './task.ts'

const all: Objective[] = [task, siglip, ...fd, ...smoothL1, ...mfd, crd, ...rkd, icl, gd, afd, classEmbed, ...hidden, ...attention, ...gates, anchor]

/** Every objective under its name; docs/objectives.md says what each is for. */
export const objectives: Record<string, Objective> = Object.fromEntries(all.map((objective) => [objective.name, objective]))

/**
 * Parses `task:1,fd:4,crd` (weight 1 when left out).
 * @throws UserError for an unknown name (the nearest is suggested), a weight that is not a positive number, a name given twice
 */
export function parseObjectives(text: string, flag = '--objective'): Weights {
  const weights: Weights = {}
  for (const part of text.split(',')) {
    const [name = '', weight = '1', ...more] = part.trim().split(':')
    const names = Object.keys(objectives)
    if (!Object.hasOwn(objectives, name)) {
      const near = closest(name, names)
      const guess = distance(name, near) <= 3 ? `Did you mean ${near}? ` : ''
      throw new UserError({
        where: `${flag} ${text}`,
        expected: `one of ${names.join(', ')}`,
        got: name || 'an empty name',
        hint: `${guess}Write name:weight, separated by commas.`,
      })
    }
    if (!(Number(weight) > 0 && Number.isFinite(Number(weight))) || more.length > 0) {
      throw new UserError({
        where: `${flag} ${text}`,
        expected: `a positive weight for ${name}`,
        got: [weight, ...more].join(':'),
        hint: `Leave ${name} out to switch it off.`,
      })
    }
    if (name in weights) {
      throw new UserError({ where: `${flag} ${text}`, expected: 'every name once', got: `${name} twice`, hint: 'Add the weights up.' })
    }
    weights[name] = Number(weight)
  }
  return weights
}

/** Whether any of the objectives needs it. */
export function needs(weights: Weights, what: Need): boolean {
  return Object.keys(weights).some((name) => objectives[name]!.needs.includes(what))
}

/** Fresh parameters of the objectives themselves. */
export function objectiveParams(weights: Weights, sizes: ObjectiveSizes, seed: number): Params {
  return initialize(Object.assign({}, ...Object.keys(weights).map((name) => objectives[name]!.params?.(sizes) ?? {})), seed)
}

/** The towers that some objective trains; of the objectives of one space, if that is named. */
export function trainedTowers(weights: Weights, space?: Objective['space']): Tower[] {
  const chosen = Object.keys(weights)
    .map((name) => objectives[name]!)
    .filter((objective) => space === undefined || objective.space === space)
  return (['image', 'text'] as const).filter((one) => chosen.some(({ tower }) => tower === undefined || tower === one))
}

/** The towers that learn a teacher's space, to which an adapter takes them where the dimensions differ. */
export function adaptedTowers(weights: Weights): Tower[] {
  return trainedTowers(weights, 'teacher')
}

/** Whether images and texts are brought together in the student's own space, and not only behind an adapter. */
export function teachesStudentSpace(weights: Weights): boolean {
  return Object.keys(weights).some((name) => objectives[name]!.space === 'student')
}
