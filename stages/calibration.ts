import { permutation, random } from '../base/random.ts'
import type { Frame } from '../corpora/framing.ts'
import { decodeImage } from '../corpora/images.ts'
import { writePixelValues } from '../corpora/pixel-values.ts'
import type { Calibration } from '../export/calibrate.ts'
import { type DualEncoder, frameOf } from '../models/dual-encoder.ts'
import type { ModelDtype } from '../models/onnx/dtypes.ts'
import type { RunData } from '../run/run-data.ts'
import { loadTrainingSet } from '../training/data/training-set.ts'

const count = 256

/**
 * Training images and captions that ranges of activations are calibrated on: the same ones every time, all languages alike.
 * @returns undefined where no format needs any: int8 does, and q8 of an image tower that is kept
 */
export async function calibrationSet(data: RunData, model: DualEncoder, dtypes: readonly ModelDtype[]): Promise<Calibration | undefined> {
  const isNeeded = dtypes.includes('int8') || (model.keptImage && dtypes.includes('q8'))
  return isNeeded ? await drawSet(data, frameOf(model)) : undefined
}

async function drawSet({ open, languages = open.corpus.languages }: RunData, { imageSize, framing }: Frame): Promise<Calibration> {
  const { images, texts, captions } = await loadTrainingSet(open.corpus, 'train', languages)
  const chosen = [...permutation(images.length, random(1, images.length))].slice(0, count)
  const stride = 3 * imageSize ** 2
  const pixels = new Float32Array(chosen.length * stride)
  for (const [i, image] of chosen.entries())
    writePixelValues(await decodeImage(images[image]!, imageSize, 'auto', framing), imageSize, pixels, i * stride)
  return { pixels, texts: chosen.map((image, i) => texts[captions[languages[i % languages.length]!]![image]![0]!]!) }
}
