import { isDeepStrictEqual } from 'node:util'
import { UserError } from '../../base/errors.ts'
import { random } from '../../base/random.ts'
import { drawAugmentation, type Policy } from '../../corpora/augment.ts'
import { type Frame, framingInWords } from '../../corpora/framing.ts'
import { embedPixels, embedTexts } from '../../models/embed.ts'
import type { Encoder } from '../../models/encoder.ts'
import type { TeacherFeatures } from './features.ts'

/**
 * A teacher that runs at every step instead of once: every epoch then has fresh augmentations, for the price of its forward passes.
 * Its images are the student's.
 * @throws UserError where they see them otherwise
 */
export function onlineFeatures(
  teacher: Encoder,
  { texts }: { texts: readonly string[] },
  frame: Frame,
  { policy, seed }: { policy: Policy; seed: number },
): TeacherFeatures {
  if (teacher.imageSize !== frame.imageSize || !isDeepStrictEqual(teacher.framing, frame.framing)) {
    const hint = `Store its features (--variants 1 or more), or set --image-size ${teacher.imageSize}.`
    const isSize = teacher.imageSize !== frame.imageSize
    const described = ({ imageSize, framing }: Frame) => (isSize ? `images of ${imageSize} px` : `images ${framingInWords(framing, imageSize)}`)
    throw new UserError({ where: `teacher ${teacher.id} at every step`, expected: described(frame), got: described(teacher), hint })
  }
  return {
    embedDim: teacher.embedDim,
    logitScale: teacher.logitScale,
    augmentation: (image, epoch) => drawAugmentation(random(seed, 7, image, epoch), policy),
    images: (indices, _, pixels) => embedPixels(teacher, pixels, indices.length),
    texts: (indices) =>
      embedTexts(
        teacher,
        Array.from(indices, (text) => texts[text]!),
      ),
  }
}
