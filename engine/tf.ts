/**
 * The one import of TensorFlow.js. The whole `@tensorflow/tfjs` is needed: tfjs-core alone
 * registers no gradients under Node's ESM.
 */
import * as tf from '@tensorflow/tfjs'

tf.enableProdMode() // silences the advice to install tfjs-node; assertions stay

export { tf }
