import { join } from 'node:path'
import { checksumsFile, writeChecksums } from '../base/checksums.ts'
import { mkdir, rm, writeFile } from '../base/disk.ts'
import { UserError } from '../base/errors.ts'
import { requireSpace } from '../base/free-space.ts'
import { type Replacement, replaceFolder, requireReplaceable } from '../base/replace-folder.ts'
import type { Graph } from '../engine/onnx/model.ts'
import { encodeModel } from '../engine/onnx/proto.ts'
import type { RuntimeOptions } from '../engine/runtime.ts'
import { type DualEncoder, parametersOf } from '../models/dual-encoder.ts'
import { modelEncoder } from '../models/encoder.ts'
import { poolsAsPython, writeModelFolder } from '../models/folder.ts'
import type { ModelDtype } from '../models/onnx/dtypes.ts'
import { writeThresholds } from '../models/score-threshold.ts'
import type { ActivationOutput } from '../models/towers.ts'
import { loadTokenizer, type Tokenizer } from '../tokenizers/load.ts'
import { blame } from './blame.ts'
import { type Calibration, calibrateGraphs } from './calibrate.ts'
import { type CardOptions, modelCard } from './card.ts'
import { calibrateConv, type Observed, picturesOf } from './conv/calibrate-conv.ts'
import { keptGraph } from './conv/kept-graph.ts'
import { holdsConv, stemWeights } from './conv/places.ts'
import { type ConvertOptions, convertGraph, exportDtypes, onnxFile, requireKeptDtypes } from './dtypes.ts'
import { edgeFiles } from './edge-files.ts'
import { estimatedBytes } from './estimated-bytes.ts'
import type { ExportedFiles, FileSizes } from './exported-files.ts'
import { type FileStem, fileStems } from './file-stems.ts'
import { failGate, failures, type Gate, measureFiles } from './gate.ts'
import type { GraphOptions } from './graph-encoder.ts'
import { chooseKeepFp32 } from './keep-auto.ts'
import { resolveKeepFp32 } from './keep-fp32.ts'
import { modelName } from './model-files.ts'
import { type ExportGraphs, exportGraphs } from './onnx.ts'
import { ortFiles, writeOrtFiles } from './ort.ts'
import type { GateTask } from './recall.ts'
import { verifyExport } from './verify.ts'

export interface ExportOptions extends RuntimeOptions, Pick<ConvertOptions, 'reduceRange'> {
  /** Folder with tokenizer.json and tokenizer_config.json. */
  tokenizerDir: string
  /** Folder to write; replaced as a whole when it is an earlier export. */
  out: string
  dtypes: ModelDtype[]
  /** Layers to leave in fp32 (see resolveKeepFp32), or `auto`: those that the gate makes necessary. */
  keepFp32?: string[] | 'auto'
  /** How much recall may be lost; without it nothing is measured. */
  gate?: Gate
  /** Validation tasks on which each number format's score is chosen below which nothing fits (chooseThreshold); without them config.json has none. */
  thresholdTasks?: GateTask[]
  /** Training images and captions, which int8 needs, and q8 of an image tower with convolutions. */
  calibration?: Calibration
  /** Also write the towers in onnxruntime's own format (see writeOrtFiles). */
  ort?: boolean
  /** Leave out the combined files (pipelines need them) or model.safetensors (Python needs it); default: write both. */
  leaveOut?: ('combined' | 'safetensors')[]
  /** Activations of the last layers that the towers' files shall show, for those who distil them; default: none. */
  outputs?: ActivationOutput[]
  /** Write into a folder that holds other files too; they stay. */
  force?: boolean
  /** What the model card says beyond sizes and parity. */
  card?: CardOptions
}

/** Every file that an export may consist of. */
const ownFiles = new Set([
  ...['config.json', 'preprocessor_config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors', 'README.md', checksumsFile],
  ...edgeFiles,
  ...ortFiles,
  ...exportDtypes.flatMap((dtype) => fileStems.map((stem) => onnxFile(stem, dtype))),
])

/**
 * Writes a model as a folder that transformers.js loads: ONNX files per tower and number format, the combined files for
 * pipelines, safetensors, tokenizer, configuration and model card. The same model gives the same bytes.
 *
 * Everything is written beside `out`, checked against the training graph and by the gate, and renamed when all is well.
 * @throws UserError when `out` holds other files, when a check fails (exit code 3: the gate), and when the disk is full;
 *   `out` is then as it was
 */
export async function exportFolder(model: DualEncoder, options: ExportOptions): Promise<ExportedFiles> {
  const { out, dtypes, tokenizerDir, gate } = options
  const { keptImage } = model
  if (keptImage) requireKept(options)
  // Pipelines that want one file would need one opset for towers of two makes.
  const leaveOut: ExportOptions['leaveOut'] = [...(options.leaveOut ?? []), ...(keptImage ? (['combined'] as const) : [])]
  const runtime = { threads: options.threads, device: options.device }
  const name = options.card?.name ?? modelName(out)
  const hint = 'Free some space, write to another disk, or name fewer formats with --dtype.'
  const parameters = parametersOf(model)
  await requireSpace(out, estimatedBytes(parameters, { ...options, leaveOut }), { what: 'the export', hint })
  return replaceFolder(out, { ...replacement(options), roomHint: hint }, async (dir) => {
    await writeModelFolder(dir, model, tokenizerDir)
    if (keptImage) await rm(join(dir, onnxFile('vision_model', 'fp32'))) // the teacher's file, in whatever format it was
    if (leaveOut.includes('safetensors')) await rm(join(dir, 'model.safetensors'))
    const tokenizer = await loadTokenizer(dir)
    const graphs = exportGraphs(model, { eosId: tokenizer.eosId, outputs: options.outputs, vision: keptImage && (await keptGraph(keptImage)) })
    const ranges = dtypes.includes('int8') ? await calibrateGraphs(graphs, tokenizer, requireCalibration(options), runtime) : undefined
    const observed = await observe(graphs.vision, options, { ...runtime, recolour: keptImage?.recolour })
    const common = { ...runtime, reduceRange: options.reduceRange, ranges, observed, recolour: keptImage?.recolour }
    const keptFp32 = await settleKeepFp32(graphs, tokenizer, options, common)
    const convert = { ...common, keepFp32: keptFp32 }
    const stems = fileStems.filter((stem) => stem !== 'model' || !leaveOut.includes('combined'))
    const sizes = await writeOnnxFiles(dir, graphs, dtypes, stems, convert)
    if (options.ort) await writeOrtFiles(dir, dtypes)

    const reference = await modelEncoder('training', model, tokenizer, runtime)
    try {
      const parity = await verifyExport(dir, reference, tokenizer, dtypes, runtime)
      const tasks = { gate: gate?.tasks ?? [], threshold: options.thresholdTasks ?? [] }
      const { recall, thresholds } = await measureFiles(dir, reference, dtypes, tasks, runtime)
      const [failure] = gate ? failures(recall, gate) : []
      if (failure)
        failGate(failure, { ...gate!, keptFp32: options.keepFp32 === 'auto' }, await blame(failure, graphs, gate!.tasks, tokenizer, convert))
      await writeThresholds(dir, thresholds)
      const files = { sizes, parity, recall, thresholds, keptFp32 }
      await writeFile(
        join(dir, 'README.md'),
        modelCard({
          ...options.card,
          ...files,
          name,
          config: model.config,
          framing: model.framing,
          parameters,
          leaveOut,
          python: !keptImage && poolsAsPython(tokenizer),
        }),
      )
      await writeChecksums(dir)
      return { dir: out, ...files }
    } finally {
      await reference.release()
    }
  })
}

/**
 * Sees, before a model is trained that is to be exported there, that exportFolder will not refuse the folder.
 * @throws UserError for a file, and for other files in it without `force`
 */
export async function requireExportable(out: string, options: { force?: boolean } = {}): Promise<void> {
  await requireReplaceable(out, replacement(options))
}

function replacement({ force }: { force?: boolean }): Replacement {
  return {
    what: 'export',
    isOwn: (file: string) => ownFiles.has(file),
    force,
    hint: 'Name another folder, or keep those files and write beside them with --force.',
  }
}

async function settleKeepFp32(
  graphs: ExportGraphs,
  tokenizer: Tokenizer,
  { keepFp32 = [], gate, dtypes }: ExportOptions,
  convert: ConvertOptions,
): Promise<string[]> {
  const stem = dtypes.includes('q8') ? stemWeights(graphs.vision) : []
  if (keepFp32 !== 'auto') return [...new Set([...stem, ...resolveKeepFp32(graphs, keepFp32)])]
  if (gate) return chooseKeepFp32(graphs, dtypes, gate, tokenizer, { ...convert, keepFp32: stem })
  throw new UserError({
    where: '--keep-fp32 auto',
    expected: 'a recall gate to satisfy',
    got: 'none',
    hint: 'Name a validation corpus and --max-drop, or the layers.',
  })
}

/** What the training pictures make of an image tower with convolutions, where q8 asks. */
async function observe(vision: Graph, options: ExportOptions, { recolour, ...runtime }: GraphOptions): Promise<Observed | undefined> {
  if (!options.dtypes.includes('q8') || !holdsConv(vision)) return undefined
  return await calibrateConv(vision, picturesOf(vision, requireCalibration(options, 'q8'), recolour), runtime)
}

/** @throws UserError for number formats and outputs that an image tower of another make has not */
function requireKept({ dtypes, outputs = [] }: ExportOptions): void {
  requireKeptDtypes(dtypes)
  if (outputs.length === 0) return
  const hint = 'Leave it out.'
  throw new UserError({ where: '--outputs', expected: "none for a model that keeps its teacher's image tower", got: outputs.join(), hint })
}

function requireCalibration({ calibration }: ExportOptions, dtype: ModelDtype = 'int8'): Calibration {
  if (calibration && calibration.pixels.length > 0 && calibration.texts.length > 0) return calibration
  throw new UserError({
    where: `--dtype ${dtype}`,
    expected: 'training images and captions to calibrate on',
    got: 'none',
    hint: 'Name the --corpus the model was trained on, or take q8, which needs none.',
  })
}

async function writeOnnxFiles(
  dir: string,
  graphs: ExportGraphs,
  dtypes: ModelDtype[],
  stems: FileStem[],
  options: ConvertOptions,
): Promise<FileSizes[]> {
  await mkdir(join(dir, 'onnx'))
  const sources = { vision_model: graphs.vision, text_model: graphs.text, model: graphs.combined }
  const sizes: FileSizes[] = []
  for (const dtype of dtypes) {
    const bytes = { vision_model: 0, text_model: 0, model: 0 }
    for (const stem of stems) {
      const file = encodeModel(convertGraph(sources[stem], dtype, options))
      await writeFile(join(dir, onnxFile(stem, dtype)), file)
      bytes[stem] = file.length
    }
    sizes.push({ dtype, bytes })
  }
  return sizes
}
