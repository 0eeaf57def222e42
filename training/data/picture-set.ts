import type { ImageSource } from '../../corpora/sample.ts'
import { severalLanguages } from './pool-set.ts'
import type { TrainingSet } from './training-set.ts'

/**
 * Images without captions as a training set.
 * @param texts a pool whose texts are drawn beside them, without regard to them; absent: the images are alone
 */
export function pictureSet(images: ImageSource[], texts?: TrainingSet): TrainingSet {
  const none = new Int32Array()
  return {
    ...{ count: images.length, images, classes: none, labels: none, labelCount: 0, captions: {}, languages: [severalLanguages], dropped: 0 },
    ...{ texts: texts?.texts ?? [], unpaired: texts?.unpaired ?? [], targets: texts?.targets },
  }
}
