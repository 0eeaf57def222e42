import { normal, random } from '../base/random.ts'
import type { RuntimeOptions } from '../engine/runtime.ts'
import { exactScore, plainRows } from '../eval/rows.ts'
import { openOnnxFolder } from '../models/onnx/open-folder.ts'
import { measured, type Rows } from './record/rows.ts'

/** Pictures a call. */
const perCall = 8

/**
 * Features of random pictures of a teacher's size, on each of two devices: milliseconds a picture, the first call of each left out, and the least cosine of what
 * the two make of a picture. Prints the cosine.
 */
export async function teacherOnDevices(folder: string, devices: [RuntimeOptions['device'], RuntimeOptions['device']], images: number): Promise<Rows> {
  const rows: Rows = {}
  const features: Float32Array[] = []
  let dim = 0
  for (const device of devices) {
    const teacher = await openOnnxFolder(folder, { device })
    const next = random(1)
    const pixels = Float32Array.from({ length: perCall * 3 * teacher.imageSize ** 2 }, () => normal(next))
    features.push(await teacher.encodeImages(pixels, perCall))
    const times: number[] = []
    for (let done = perCall; done < images; done += perCall) {
      const began = performance.now()
      await teacher.encodeImages(pixels, perCall)
      times.push((performance.now() - began) / perCall)
    }
    await teacher.release()
    dim = teacher.embedDim
    rows[`teacher, a picture of ${teacher.imageSize} px, ${device}`] = measured('ms', ...times)
  }
  const [own, other] = [plainRows(features[0]!, dim), plainRows(features[1]!, dim)]
  const least = Math.min(...Array.from({ length: perCall }, (_, i) => exactScore(own, i, other, i)))
  console.log(`teacher ${folder}: features on the two have a cosine of at least ${least.toFixed(6)}`)
  rows['teacher, least cosine of a feature'] = measured('cosine', least)
  return rows
}
