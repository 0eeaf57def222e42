import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { countParams } from '../engine/params.ts'
import { encodeModel } from '../engine/onnx/proto.ts'
import type { RuntimeOptions } from '../engine/runtime.ts'
import type { DualEncoder } from '../models/dual-encoder.ts'
import { modelEncoder } from '../models/encoder.ts'
import { writeModelFolder } from '../models/folder.ts'
import type { ModelDtype } from '../models/teachers/teacher-files.ts'
import { loadTokenizer } from '../tokenizers/load.ts'
import { type CardOptions, type FileSizes, modelCard } from './card.ts'
import { convertGraph, fileStems, onnxFile } from './dtypes.ts'
import { exportGraphs, type ExportGraphs } from './onnx.ts'
import type { DynamicOptions } from './quantize.ts'
import { replaceFolder } from './replace-folder.ts'
import { type Parity, verifyExport } from './verify.ts'

export interface ExportOptions extends RuntimeOptions, DynamicOptions {
  /** Folder with tokenizer.json and tokenizer_config.json. */
  tokenizerDir: string
  /** Folder to write; replaced as a whole when it is an earlier export. */
  out: string
  dtypes: ModelDtype[]
  /** Write into a folder that holds other files too; they stay. */
  force?: boolean
  /** What the model card says beyond sizes and parity. */
  card?: CardOptions
  /**
   * Called with the finished files before they take their place: a recall gate throws here, and the old folder stays as
   * it was. What it returns is added to the card.
   */
  inspect?: (written: ExportedFiles) => Promise<Partial<CardOptions> | void>
}

export interface ExportedFiles {
  dir: string
  /** Bytes of each file by number format. */
  sizes: FileSizes[]
  parity: Parity[]
}

/**
 * Writes a model as a folder that transformers.js loads: ONNX files per tower and number format, the combined files for
 * pipelines, safetensors, tokenizer, configuration and model card. The same model gives the same bytes.
 *
 * Everything is written beside `out`, checked against the training graph, and renamed when all is well.
 * @throws UserError when `out` holds other files, when a check fails, and when the disk is full; `out` is then as it was
 */
export async function exportFolder(model: DualEncoder, options: ExportOptions): Promise<ExportedFiles> {
  const { out, dtypes, tokenizerDir } = options
  const name = options.card?.name ?? basename(resolve(out))
  return replaceFolder(out, options.force ?? false, async (dir) => {
    await writeModelFolder(dir, model, tokenizerDir)
    const sizes = await writeOnnxFiles(dir, exportGraphs(model), dtypes, options)
    const parity = await verify(dir, model, options)
    const more = (await options.inspect?.({ dir, sizes, parity })) ?? {}
    const { params, config } = model
    const parameters = {
      image: countParams(params, ['vision_model.', 'visual_projection.']),
      text: countParams(params, ['text_model.', 'text_projection.']),
    }
    await writeFile(join(dir, 'README.md'), modelCard({ ...options.card, ...more, name, config, parameters, sizes, parity }))
    return { dir: out, sizes, parity }
  })
}

async function writeOnnxFiles(dir: string, graphs: ExportGraphs, dtypes: ModelDtype[], options: DynamicOptions): Promise<FileSizes[]> {
  await mkdir(join(dir, 'onnx'), { recursive: true })
  const sources = { vision_model: graphs.vision, text_model: graphs.text, model: graphs.combined }
  const sizes: FileSizes[] = []
  for (const dtype of dtypes) {
    const bytes = { vision_model: 0, text_model: 0, model: 0 }
    for (const stem of fileStems) {
      const file = encodeModel(convertGraph(sources[stem], dtype, options))
      await writeFile(join(dir, onnxFile(stem, dtype)), file)
      bytes[stem] = file.length
    }
    sizes.push({ dtype, bytes })
  }
  return sizes
}

async function verify(dir: string, model: DualEncoder, { dtypes, threads, device }: ExportOptions): Promise<Parity[]> {
  const tokenizer = await loadTokenizer(dir)
  const reference = await modelEncoder('training', model, tokenizer, { threads, device })
  try {
    return await verifyExport(dir, reference, tokenizer, dtypes, { threads, device })
  } finally {
    await reference.release()
  }
}
