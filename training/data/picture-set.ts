import type { ImageSource } from '../../corpora/sample.ts'
import { type TrainingSet, withoutCaptions } from './training-set.ts'

/**
 * Images without captions as a training set.
 * @param texts a pool whose texts are drawn beside them, without regard to them; absent: the images are alone
 */
export function pictureSet(images: ImageSource[], texts?: TrainingSet): TrainingSet {
  return { ...withoutCaptions, count: images.length, images, texts: texts?.texts ?? [], unpaired: texts?.unpaired ?? [], targets: texts?.targets }
}
