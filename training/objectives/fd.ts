import { features, squaredDistance } from './features.ts'
import { perTower } from './per-tower.ts'

/**
 * Feature distillation: mean over rows of |û−a|² + |ŵ−b|² (CLIP-KD, arXiv 2307.12732, §3.2 eq. 7, in the row form, whose weight
 * does not depend on the embedding's dimension). Each term is 2 − 2·cosine, in [0, 4]; DLIP's cosine loss (arXiv 2308.12956) is fd with half
 * the weight.
 */
export const fd = perTower({
  name: 'fd',
  space: 'teacher',
  needs: () => ['teacher'],
  loss: (tower, context) => {
    const { student, teacher } = features(context, tower)
    return squaredDistance(student, teacher)
  },
})
