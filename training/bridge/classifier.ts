import { readFile } from 'node:fs/promises'
import { UserError } from '../../base/errors.ts'
import { decodeSafetensors } from '../../engine/safetensors.ts'

/** The last layer of a classifier, and where photographs lie among the features that it reads. */
export interface Classifier {
  /** Row k is class k's. [C, F] */
  weight: Float32Array
  classes: number // C
  features: number // F
  /** Mean of photographs' features by output of the image tower, where the file tells: `photo_mean` of the features, `photo_mean.NAME` of another output. */
  photoMean: Record<string, Float32Array>
}

/**
 * Reads `weight` [C, F] and means of photographs of a safetensors file.
 * @param output the output of the image tower that the classifier reads
 * @param features its width
 * @throws UserError for a file that is missing or has no such weight, and for one of another width
 */
export async function readClassifier(file: string, output: string, features: number): Promise<Classifier> {
  const refuse = (where: string, expected: string, got: string, hint: string): never => {
    throw new UserError({ where, expected, got, hint })
  }
  const hint = 'The classifier must be the one that was trained on these features.'
  const bytes = await readFile(file).catch(() => refuse(file, "a classifier's last layer as safetensors", 'no such file', hint))
  const { weight, ...others } = decodeSafetensors(bytes, file)
  if (weight?.shape.length !== 2) return refuse(file, `a tensor weight [classes, ${features}]`, weight ? `[${weight.shape}]` : 'none', hint)
  const [classes, width] = weight.shape as [number, number]
  if (width !== features) refuse(`${file}, tensor weight`, `rows of ${features} numbers, as the output ${output} has`, `${width}`, hint)
  const means = Object.entries(others).flatMap(([name, { data }]) => {
    if (name === 'photo_mean') return [[output, data] as const]
    return name.startsWith('photo_mean.') ? [[name.slice('photo_mean.'.length), data] as const] : []
  })
  return { weight: weight.data, classes, features, photoMean: Object.fromEntries(means) }
}
