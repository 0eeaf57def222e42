import { readFile, stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { elementCount } from '../engine/onnx/dtypes.ts'
import { extract } from '../engine/onnx/passes.ts'
import { decodeModel } from '../engine/onnx/proto.ts'
import type { RuntimeOptions } from '../engine/runtime.ts'
import type { ModelName, ReportModel, ReportResult } from '../eval/report/schema.ts'
import { type DualEncoder, towerCounts } from '../models/dual-encoder.ts'
import { type Encoder, modelEncoder } from '../models/encoder.ts'
import { readModelFolder } from '../models/folder.ts'
import { openTeacher } from '../models/teachers/onnx-folder.ts'
import { dtypeOf, findTeacherFiles, type ModelDtype } from '../models/teachers/teacher-files.ts'
import type { Tokenizer } from '../tokenizers/load.ts'

/** A model that takes part in an evaluation. */
export interface Contender {
  model: ModelName
  dtype: ReportResult['dtype']
  encoder: Encoder
  /** Name, parameters and bytes for the report. */
  facts: ReportModel
  /** Measured on the headline protocol alone: what a further number format costs there is worth knowing, the whole table is not worth its time. */
  headlineOnly?: boolean
}

/** A model of ours (safetensors folder or in memory) as a contender. */
export async function ownContender(
  model: ModelName,
  student: DualEncoder & { tokenizer: Tokenizer },
  name: string,
  options: RuntimeOptions = {},
): Promise<Contender> {
  const parameters = towerCounts(student.config)
  const facts = { name, parameters, bytes: { fp32: 4 * (parameters.image + parameters.text) } }
  return { model, dtype: 'fp32', encoder: await modelEncoder(name, student, student.tokenizer, options), facts }
}

export async function folderContender(model: ModelName, dir: string, options: RuntimeOptions & { name?: string } = {}): Promise<Contender> {
  return ownContender(model, await readModelFolder(dir), options.name ?? basename(resolve(dir)), options)
}

/** An ONNX folder as a contender. Parameters are counted in its files; scales and tables of quantization included. */
export async function onnxContender(model: ModelName, dir: string, options: RuntimeOptions & { dtype?: ModelDtype } = {}): Promise<Contender> {
  const encoder = await openTeacher(dir, options)
  const files = await findTeacherFiles(dir, options.dtype)
  const [vision, text] = 'combined' in files ? [files.combined, files.combined] : [files.vision, files.text]
  const dtype = dtypeOf(vision)
  const parameters = { image: await countWeights(vision, 'image_embeds'), text: await countWeights(text, 'text_embeds') }
  const bytes = await Promise.all([...new Set([vision, text])].map(async (file) => (await stat(file)).size))
  return {
    model,
    dtype,
    encoder,
    facts: { name: basename(resolve(dir)), parameters, bytes: { [dtype]: bytes.reduce((sum, size) => sum + size, 0) } },
  }
}

/** Elements of all initializers that an output depends on; index constants and the like are too few to matter. */
async function countWeights(file: string, output: string): Promise<number> {
  const graph = decodeModel(await readFile(file), file)
  const part = graph.outputs.length > 1 ? extract(graph, [output]) : graph
  let count = 0
  for (const tensor of part.initializers.values()) if (tensor.dims.length > 0 && !tensor.dtype.startsWith('int64')) count += elementCount(tensor.dims)
  return count
}
