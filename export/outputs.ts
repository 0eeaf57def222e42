import { UserError } from '../base/errors.ts'
import { type ActivationOutput, activationOutputs } from '../models/towers.ts'

/** @throws UserError for a name that is no activation, naming those there are */
export function parseOutputs(names: string[]): ActivationOutput[] {
  const known = Object.keys(activationOutputs) as ActivationOutput[]
  return [...new Set(names)].map((name) => {
    const output = known.find((one) => one === name)
    if (output) return output
    const hint = 'The embeddings are always there; these show the last layers beside them.'
    throw new UserError({ where: '--outputs', expected: `a list of ${known.join(', ')}`, got: name, hint })
  })
}
