import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../engine/errors.ts'
import { float16ToFloat32 } from '../../engine/onnx/dtypes.ts'
import type { TensorData } from '../../engine/onnx/model.ts'
import { decodeModel } from '../../engine/onnx/proto.ts'
import type { Params } from '../../engine/params.ts'
import type { ClipConfig } from '../../models/config.ts'
import { type DualEncoder, dualEncoderParams } from '../../models/dual-encoder.ts'
import { writeModelFolder } from '../../models/folder.ts'
import { findTeacherFiles } from '../../models/teachers/teacher-files.ts'
import type { Place } from './place.ts'

/**
 * A model folder whose last layers hidden and attention can look into: the teacher's own where it holds model.safetensors, else one made of the
 * weights in its ONNX files, kept in the runs folder.
 */
export async function innerTeacherOf({ teacher, runs }: Place, teacherId: string): Promise<string> {
  if (existsSync(join(teacher, 'model.safetensors'))) return teacher
  const dir = join(runs, `inner-${teacherId}`)
  if (!existsSync(join(dir, 'config.json'))) await writeModelFolder(dir, await modelOfExport(teacher), teacher)
  return dir
}

/**
 * Reads the parameters out of an export of ours: they keep their names there, with `_T` where a matrix was transposed and `_fp16`
 * where it was halved.
 * @throws UserError for ONNX files of another make
 */
export async function modelOfExport(dir: string): Promise<DualEncoder> {
  const config = JSON.parse(await readFile(join(dir, 'config.json'), 'utf8')) as ClipConfig & { logit_scale_init_value: number }
  const files = await findTeacherFiles(dir)
  const stored = new Map<string, TensorData>()
  for (const file of Object.values(files)) for (const [name, tensor] of decodeModel(await readFile(file), file).initializers) stored.set(name, tensor)
  const params: Params = { logit_scale: { shape: [], data: Float32Array.of(config.logit_scale_init_value) } }
  for (const [name, { shape }] of Object.entries(dualEncoderParams(config)))
    if (name !== 'logit_scale') params[name] = { shape, data: restore(dir, stored, name, shape) }
  return { config, params }
}

function restore(dir: string, stored: Map<string, TensorData>, name: string, shape: number[]): Float32Array {
  const plain = stored.get(name) ?? stored.get(`${name}_fp16`)
  const turned = plain ? undefined : (stored.get(`${name}_T`) ?? stored.get(`${name}_T_fp16`))
  const size = shape.reduce((product, dim) => product * dim, 1)
  const found = plain ?? turned
  const data =
    found?.dtype === 'float16' ? float16ToFloat32(found.data as Uint16Array) : found?.dtype === 'float32' ? (found.data as Float32Array) : undefined
  if (data?.length !== size) {
    throw new UserError({
      where: `${dir}, ${name}`,
      expected: `${size} weights in fp32 or fp16`,
      got: data ? `${data.length}` : 'none',
      hint: 'Use a teacher with model.safetensors or one that export wrote, or leave hidden and attention out with --only.',
    })
  }
  return turned ? transposed(data, shape[0]!) : data
}

/** [columns, rows] → [rows, columns] */
function transposed(data: Float32Array, rows: number): Float32Array {
  const columns = data.length / rows
  return Float32Array.from({ length: data.length }, (_, i) => data[(i % columns) * rows + Math.floor(i / columns)]!)
}
