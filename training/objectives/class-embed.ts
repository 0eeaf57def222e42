import { tf } from '../../engine/tf.ts'
import { imageTerm } from './image-term.ts'
import type { Objective, ObjectiveContext } from './objective.ts'

/**
 * Class embeddings as the teacher: −ln softmax(γ·û·e_mᵀ) at the image's own centroid, over all M centroids (CLIP-Embed-KD, arXiv
 * 2404.06170, §3: e_c = the mean of the teacher's image embeddings of class c, γ = 1; there the teacher is taken to the student's space, here û
 * goes to the teacher's). The paper adds 0.5 of it to a classifier's loss; `task:1,class-embed:0.5` has captions for a classifier.
 *
 * Beyond the paper, so that rare cases do not drown in a mean: `classCentroids` centroids a class (k-means of its embeddings; its other
 * centroids are competitors too), and `classConfidence`: images weighed by their cosine to their centroid, Σ wᵢ·CEᵢ / Σ wᵢ.
 * `classScale` is γ: at 1 the loss stays near ln M and pulls about as hard as ½·fd-image.
 */
export const classEmbed: Objective = {
  name: 'class-embed',
  needs: ['images', 'teacher', 'centroids'],
  space: 'teacher',
  tower: 'image',
  loss: (context) => imageTerm(context, 'class-embed', () => classLoss(context)),
}

function classLoss({ generalImage, inputs, objectiveSettings }: ObjectiveContext): tf.Tensor {
  const { class_centroids: centroids, class_target: target, class_confidence: confidence } = inputs
  const logits = tf.mul(tf.matMul(generalImage!, centroids!, false, true), objectiveSettings.classScale) // [B, M]
  const targets = tf.oneHot(target as tf.Tensor1D, centroids!.shape[0]!)
  const losses = tf.neg(tf.sum(tf.mul(targets, tf.logSoftmax(logits as tf.Tensor2D)), -1)) // [B]
  if (!objectiveSettings.classConfidence) return tf.mean(losses)
  return tf.div(tf.sum(tf.mul(losses, confidence!)), tf.add(tf.sum(confidence!), 1e-6))
}
