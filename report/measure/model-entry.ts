import { readFile, stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { dtypeToOnnx, elementCount } from '../../engine/onnx/dtypes.ts'
import { extract } from '../../engine/onnx/passes.ts'
import { decodeModel, outlineModel } from '../../engine/onnx/proto.ts'
import type { RuntimeOptions } from '../../engine/runtime.ts'
import { type DualEncoder, parametersOf } from '../../models/dual-encoder.ts'
import { type Encoder, modelEncoder } from '../../models/encoder.ts'
import { readModelFolder } from '../../models/folder.ts'
import { dtypeOf, type ModelDtype } from '../../models/onnx/dtypes.ts'
import { findTeacherFiles, withExternalData } from '../../models/onnx/files.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import type { Tokenizer } from '../../tokenizers/load.ts'
import type { ModelName, ReportModel, ReportResult } from '../schema.ts'

/** A model that takes part in an evaluation. */
export interface ModelEntry {
  model: ModelName
  dtype: ReportResult['dtype']
  encoder: Encoder
  /** Name, parameters and bytes for the report. */
  facts: ReportModel
  /** Measured on the headline protocol alone: what a further number format costs there is worth knowing, the whole table is not worth its time. */
  headlineOnly?: boolean
}

/** A model of ours (safetensors folder or in memory) as a entry. */
export async function modelEntry(
  model: ModelName,
  student: DualEncoder & { tokenizer: Tokenizer },
  name: string,
  options: RuntimeOptions = {},
): Promise<ModelEntry> {
  const parameters = parametersOf(student)
  const facts = { name, parameters, bytes: { fp32: 4 * (parameters.image + parameters.text) } }
  return { model, dtype: 'fp32', encoder: await modelEncoder(name, student, student.tokenizer, options), facts }
}

export async function folderEntry(model: ModelName, dir: string, options: RuntimeOptions & { name?: string } = {}): Promise<ModelEntry> {
  return modelEntry(model, await readModelFolder(dir), options.name ?? basename(resolve(dir)), options)
}

/** An ONNX folder as an entry. Parameters are counted in its files; scales and tables of quantization included. */
export async function onnxEntry(model: ModelName, dir: string, options: RuntimeOptions & { dtype?: ModelDtype } = {}): Promise<ModelEntry> {
  const encoder = await openOnnxFolder(dir, options)
  const files = await findTeacherFiles(dir, options.dtype)
  const dtype = dtypeOf(Object.values(files)[0]!)
  const parameters =
    'combined' in files ? await countParts(files.combined) : { image: await countWeights(files.vision), text: await countWeights(files.text) }
  const onDisk = (await Promise.all(Object.values(files).map(withExternalData))).flat()
  const bytes = await Promise.all(onDisk.map(async (file) => (await stat(file)).size))
  return {
    model,
    dtype,
    encoder,
    facts: { name: basename(resolve(dir)), parameters, bytes: { [dtype]: bytes.reduce((sum, size) => sum + size, 0) } },
  }
}

/** Elements of all initializers of a tower, which may lie in another file; index constants and the like are too few to matter. */
async function countWeights(file: string): Promise<number> {
  const { initializers } = outlineModel(await readFile(file), file)
  return countElements(initializers.filter(({ dataType }) => dataType !== dtypeToOnnx('int64')))
}

/** The same for both towers of a combined file: what each output depends on. */
async function countParts(file: string): Promise<ReportModel['parameters']> {
  const graph = decodeModel(await readFile(file), file)
  const count = (output: string) => countElements([...extract(graph, [output]).initializers.values()].filter(({ dtype }) => dtype !== 'int64'))
  return { image: count('image_embeds'), text: count('text_embeds') }
}

function countElements(tensors: readonly { dims: number[] }[]): number {
  return tensors.reduce((sum, { dims }) => sum + (dims.length > 0 ? elementCount(dims) : 0), 0)
}
