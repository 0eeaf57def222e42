import { readFile } from 'node:fs/promises'
import { UserError } from '../base/errors.ts'
import { elementCount, float16ToFloat32 } from '../engine/onnx/dtypes.ts'
import type { TensorData } from '../engine/onnx/model.ts'
import { permute } from '../engine/onnx/permute.ts'
import { decodeModel } from '../engine/onnx/proto.ts'
import type { Param, ParamSpecs, Params } from '../engine/params.ts'
import { findTeacherFiles } from './onnx/files.ts'

/**
 * Reads parameters out of the ONNX files of one of our exports: they keep their names there, with `_T` where a matrix was transposed and
 * `_fp16` where it was halved. Such a folder can then do what one with model.safetensors can: begin a student, show its inner layers.
 * @param specs the parameters wanted, by name; `logit_scale` is in no tower's file: `logitScale` is taken
 * @throws UserError for ONNX files of another make, and for quantized ones
 */
export async function readExportWeights(dir: string, specs: ParamSpecs, logitScale: number): Promise<Params> {
  const stored = new Map<string, TensorData>()
  for (const file of Object.values(await findTeacherFiles(dir)))
    for (const [name, tensor] of decodeModel(await readFile(file), file).initializers) stored.set(name, tensor)
  stored.set('logit_scale', { dtype: 'float32', dims: [], data: Float32Array.of(logitScale) })
  return Object.fromEntries(Object.entries(specs).map(([name, { shape }]) => [name, restore(dir, stored, name, shape)]))
}

function restore(dir: string, stored: Map<string, TensorData>, name: string, shape: number[]): Param {
  const plain = stored.get(name) ?? stored.get(`${name}_fp16`)
  const turned = stored.get(`${name}_T`) ?? stored.get(`${name}_T_fp16`)
  const size = elementCount(shape)
  const data = numbersOf(plain ?? turned)
  if (data?.length !== size) {
    throw new UserError({
      where: `${dir}, ${name}`,
      expected: `${size} weights in fp32 or fp16`,
      got: data ? `${data.length}` : 'none',
      hint: 'Use a folder with model.safetensors, or one that export wrote in fp32 or fp16.',
    })
  }
  if (plain) return { shape, data }
  const rows = shape[0]!
  return { shape, data: permute({ dtype: 'float32', dims: [size / rows, rows], data }, [1, 0]).data as Float32Array }
}

function numbersOf(tensor: TensorData | undefined): Float32Array | undefined {
  if (tensor?.dtype === 'float16') return float16ToFloat32(tensor.data as Uint16Array)
  return tensor?.dtype === 'float32' ? (tensor.data as Float32Array) : undefined
}
