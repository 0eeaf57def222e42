import type { ParamSpecs } from '../../engine/params.ts'
import { tf } from '../../engine/tf.ts'
import { imageTerm } from './image-term.ts'
import type { Need, Objective, ObjectiveContext, ObjectiveSizes, Tower } from './objective.ts'

/** A loss that each tower has for itself. */
interface TowerLoss {
  name: string
  space: Objective['space']
  needs(tower: Tower): Need[]
  /** @param name the objective's full name, which parameters must carry */
  params?(tower: Tower, name: string, sizes: ObjectiveSizes): ParamSpecs
  loss(tower: Tower, context: ObjectiveContext, name: string): tf.Tensor
}

/**
 * Makes three objectives of a loss: NAME, the sum over both towers, and NAME-image and NAME-text for one of them, so that
 * each tower can learn alone or with a weight of its own (`fd-image:4,fd-text:2`).
 */
export function perTower(part: TowerLoss): Objective[] {
  return [both(part), only(part, 'image'), only(part, 'text')]
}

function both(part: TowerLoss): Objective {
  const image = only(part, 'image', part.name)
  const text = only(part, 'text', part.name)
  return {
    ...image,
    tower: undefined,
    needs: [...new Set([...image.needs, ...text.needs])],
    ...(part.params && { params: (sizes) => ({ ...image.params!(sizes), ...text.params!(sizes) }) }),
    loss: (context) => tf.add(image.loss(context), text.loss(context)),
  }
}

function only(part: TowerLoss, tower: Tower, name = `${part.name}-${tower}`): Objective {
  return {
    name,
    needs: [`${tower}s`, ...part.needs(tower)],
    space: part.space,
    tower,
    ...(part.params && { params: (sizes) => part.params!(tower, name, sizes) }),
    loss: (context) => (tower === 'image' ? imageTerm(context, name, () => part.loss(tower, context, name)) : part.loss(tower, context, name)),
  }
}
