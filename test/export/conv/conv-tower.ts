/** A small image tower with convolutions, as another make would have it, and a teacher around it. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { normal, random } from '../../../base/random.ts'
import type { Attribute, Graph, TensorData } from '../../../engine/onnx/model.ts'
import { encodeModel } from '../../../engine/onnx/proto.ts'
import { exportFolder } from '../../../export/package.ts'
import { floats, graphOf, node } from '../../engine/onnx/run.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { type SmallModel, smallModel } from '../small-model.ts'

export const towerSize = 32
export const towerDim = 64

/** Convolution, depthwise, pointwise, a sum and another convolution; pooled, and a dense head: [b, 3, 32, 32] → [b, 64]. */
export function convTower(): Graph {
  const next = random(11)
  const weights = (dims: number[], spread: number): TensorData =>
    floats(
      dims,
      Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => spread * normal(next)),
    )
  const conv = (x: string, name: string, y: string, more: Record<string, Attribute>) => node('Conv', [x, `${name}.weight`, `${name}.bias`], [y], more)
  const same = { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [1, 1] }
  return graphOf({
    name: 'another-make',
    nodes: [
      conv('pixel_values', 'stem', 's', { ...same, strides: [2, 2], group: 1 }),
      node('Clip', ['s', 'zero', 'six'], ['a']),
      conv('a', 'depth', 'd', { ...same, group: 16 }),
      node('Clip', ['d', 'zero', 'six'], ['b']),
      conv('b', 'point', 'p', { kernel_shape: [1, 1], group: 1 }),
      conv('p', 'mix', 'm', { ...same, group: 1 }),
      node('Add', ['p', 'm'], ['r']),
      conv('r', 'last', 'l', { kernel_shape: [1, 1], group: 1 }),
      node('Relu', ['l'], ['c']),
      node('GlobalAveragePool', ['c'], ['g']),
      node('Flatten', ['g'], ['features']),
      node('Gemm', ['features', 'head.weight', 'head.bias'], ['image_embeds'], { transB: 1 }),
    ],
    initializers: new Map([
      ['zero', floats([], [0])],
      ['six', floats([], [6])],
      ['stem.weight', weights([16, 3, 3, 3], 0.6)],
      ['stem.bias', weights([16], 0.5)],
      ['depth.weight', weights([16, 1, 3, 3], 0.4)],
      ['depth.bias', weights([16], 0.5)],
      ['point.weight', weights([12, 16, 1, 1], 0.3)],
      ['point.bias', weights([12], 0.3)],
      ['mix.weight', weights([12, 12, 3, 3], 0.1)],
      ['mix.bias', weights([12], 0.3)],
      ['last.weight', weights([40, 12, 1, 1], 0.4)],
      ['last.bias', weights([40], 0.3)],
      ['head.weight', weights([towerDim, 40], 0.3)],
      ['head.bias', weights([towerDim], 0.1)],
    ]),
    inputs: [{ name: 'pixel_values', dtype: 'float32', dims: ['batch', 3, towerSize, towerSize] }],
    outputs: [{ name: 'image_embeds', dtype: 'float32', dims: ['batch', towerDim] }],
  })
}

/** A folder with that tower beside the text tower of a small model, and pixels that are (x − 127)/128. */
export async function convTeacher(t: ExecutionContext): Promise<SmallModel & { dir: string }> {
  const small = await smallModel(t)
  const dir = join(await temporaryFolder(t), 'conv-teacher')
  await exportFolder(small.model, { tokenizerDir: small.tokenizerDir, out: dir, dtypes: ['fp32'], leaveOut: ['combined', 'safetensors'], threads: 1 })
  await writeFile(join(dir, 'onnx/vision_model.onnx'), encodeModel(convTower()))
  const file = join(dir, 'preprocessor_config.json')
  const config = JSON.parse(await readFile(file, 'utf8')) as object
  await writeFile(file, JSON.stringify({ ...config, image_mean: Array(3).fill(127 / 255), image_std: Array(3).fill(128 / 255) }))
  return { ...small, dir }
}
