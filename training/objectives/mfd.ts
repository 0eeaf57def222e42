import { features, squaredDistance } from './features.ts'
import { perTower } from './per-tower.ts'

/**
 * Masked feature distillation: fd with the student's image seen through a few of its patches, |û(masked x) − a(x)|² + |ŵ−b|², mean
 * over rows (CLIP-KD, arXiv 2307.12732, §3, "Masked Feature Distillation"; masking as in MAE, arXiv 2111.06377, §3). The student
 * sees `mfdKeep` of the patches (0.25), chosen anew for every image and step, with their positions and the class token; the teacher
 * saw the whole image. The masked images take a pass of their own through the image tower, about mfdKeep of a pass's time.
 */
export const mfd = perTower({
  name: 'mfd',
  space: 'teacher',
  needs: (tower) => (tower === 'image' ? ['teacher', 'masked-image'] : ['teacher']),
  loss: (tower, context) => {
    const { student, teacher } = features(context, tower)
    return squaredDistance(tower === 'image' ? context.maskedImage! : student, teacher)
  },
}).filter(({ name }) => name !== 'mfd-text') // that is fd-text
