import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { checksumsFile, writeChecksums } from '../base/checksums.ts'
import { copyFile, mkdir, writeFile } from '../base/disk.ts'
import { UserError } from '../base/errors.ts'
import { replaceFolder, requireReplaceable } from '../base/replace-folder.ts'
import type { Graph } from '../engine/onnx/model.ts'
import { decodeModel, encodeModel } from '../engine/onnx/proto.ts'
import type { RuntimeOptions } from '../engine/runtime.ts'
import { dtypeSuffixes, type FileFormat, type ModelDtype } from '../models/onnx/dtypes.ts'
import type { ImageFeatureTower, TextFeatureTower } from '../models/onnx/feature-tower.ts'
import { openOnnxFolder } from '../models/onnx/open-folder.ts'
import { openHead } from '../training/bridge/embedding.ts'
import { textHeadParams } from '../training/bridge/heads.ts'
import { openTextHead } from '../training/bridge/text-embedding.ts'
import type { Bridge } from '../training/bridge/train-heads.ts'
import { centredUnit } from '../training/bridge/vectors.ts'
import { bridgedText, bridgedVision } from './bridge-graphs.ts'
import { type CardOptions, modelCard } from './card.ts'
import type { Parity } from './exported-files.ts'
import type { HeadDtype } from './head-dtypes.ts'

export interface BridgeFolderOptions extends RuntimeOptions {
  /** Folder to write; replaced as a whole when it is an earlier one. */
  out: string
  image: ImageFeatureTower & { dir: string }
  text: TextFeatureTower & { dir: string }
  bridge: Bridge
  headDtype: HeadDtype
  /** τ that the head learnt with: 1/τ is the model's logit scale. */
  temperature: number
  /** Files beside the model, by their name there: the classifier, the log. */
  more: Record<string, string>
  force?: boolean
  card: CardOptions
}

/** Optional files of a tower's folder that belong to a teacher. */
const fromText = ['tokenizer.json', 'tokenizer_config.json', 'ids.json']
const ownFiles = new Set([
  ...fromText,
  'config.json',
  'preprocessor_config.json',
  'README.md',
  'classifier.safetensors',
  'training.jsonl',
  checksumsFile,
])
const isOwn = (file: string) => ownFiles.has(file) || /^onnx\/(vision|text)_model\w*\.onnx$/.test(file)

/** @throws UserError for a folder with files that no teacher has, without `force`: best asked before anything is trained */
export async function requireBridgeFolder(out: string, force?: boolean): Promise<void> {
  await requireReplaceable(out, replacement(force))
}

/**
 * Writes two towers and their heads as a teacher: a folder in the layout of transformers.js, heads inside the graphs and the towers' own features beside the embeddings, so
 * that other heads can be made from it. Everything is written beside `out`, compared with what was trained, and renamed when all is well.
 * @throws UserError where the files do not give what was trained, and as replaceFolder does
 */
export async function writeBridgeFolder(
  options: BridgeFolderOptions,
): Promise<{ bytes: { vision_model: number; text_model: number }; parity: Parity }> {
  const { out, image, text, bridge, card } = options
  const dtype = formatOf(image.dtype)
  return replaceFolder(out, replacement(options.force), async (dir) => {
    await mkdir(join(dir, 'onnx'))
    const tower = async (file: string) => decodeModel(await readFile(file), file)
    const vision = bridgedVision(await tower(image.file), bridge.inputs, bridge.params, options.headDtype)
    const words = bridgedText(await tower(text.file), text.outputs[0]!.name, bridge.centre, bridge.params, options.headDtype)
    const save = async (name: string, graph: Graph) => {
      const file = encodeModel(graph)
      await writeFile(join(dir, 'onnx', `${name}${dtypeSuffixes[dtype]}.onnx`), file)
      return file.length
    }
    const bytes = { vision_model: await save('vision_model', vision), text_model: await save('text_model', words) }
    await copy(join(image.dir, 'preprocessor_config.json'), join(dir, 'preprocessor_config.json'))
    for (const name of fromText) await copy(join(text.dir, name), join(dir, name))
    for (const [name, file] of Object.entries(options.more)) await copyFile(file, join(dir, name))
    const config = configOf(options)
    await writeFile(join(dir, 'config.json'), `${JSON.stringify(config, null, 2)}\n`)
    const parity = await compare(dir, dtype, options)
    const sizes = [{ dtype, bytes: { ...bytes, model: 0 } }]
    const name = card.name ?? basename(out)
    await writeFile(
      join(dir, 'README.md'),
      modelCard({
        ...card,
        name,
        config,
        framing: image.framing,
        sizes,
        parity: [parity],
        recall: [],
        keptFp32: [],
        leaveOut: ['combined', 'safetensors'],
        python: false,
      }),
    )
    await writeChecksums(dir)
    return { bytes, parity }
  })
}

/** The ending of both files: the image tower's; weights at 8 bits and fewer are q8 to those who load the folder. */
function formatOf(dtype: FileFormat): ModelDtype {
  return dtype === 'fp32' || dtype === 'fp16' ? dtype : 'q8'
}

function replacement(force?: boolean) {
  return { what: 'teacher', isOwn, force, hint: 'Name another folder, or keep those files and write beside them with --force.' }
}

function configOf({ image, text, bridge, temperature }: BridgeFolderOptions) {
  const width = bridge.centre.length
  const { vocabSize, padId, bosId, eosId } = text.tokenizer
  return {
    model_type: 'clip',
    architectures: ['CLIPModel'],
    projection_dim: width,
    logit_scale_init_value: Math.log(1 / temperature),
    text_config: {
      model_type: 'clip_text_model',
      vocab_size: vocabSize,
      max_position_embeddings: text.contextLength,
      pad_token_id: padId,
      ...(bosId !== null && { bos_token_id: bosId }),
      ...(eosId !== null && { eos_token_id: eosId }),
      projection_dim: width,
    },
    vision_config: { model_type: 'clip_vision_model', num_channels: 3, image_size: image.imageSize, projection_dim: width },
  }
}

const probeTexts = ['a', 'red apple', '红色的苹果', 'a photograph of three people who ride bicycles through the rain at night']
/** Of embeddings by how their head is stored; texts without a head are those of fp32. */
const leastCosine: Record<HeadDtype, number> = { fp32: 0.999, fp16: 0.999, int8: 0.999, int4: 0.98 }

/** Runs the written files beside the towers and heads that they were made of. */
async function compare(dir: string, dtype: ModelDtype, { image, text, bridge, headDtype, threads }: BridgeFolderOptions): Promise<Parity> {
  const count = 3
  const pixels = Float32Array.from({ length: count * 3 * image.imageSize ** 2 }, (_, i) =>
    Math.sin(i * (1 + Math.floor(i / (3 * image.imageSize ** 2)))),
  )
  const rows = await image.read(pixels, count)
  const width = bridge.centre.length
  const head = await openHead(bridge.inputs, bridge.params, { threads })
  const words = await openTextHead(width, bridge.params, { threads })
  const written = await openOnnxFolder(dir, { threads, dtype })
  try {
    const wanted = await head.embed(
      image.outputs.map(({ name, width }, i) => ({ name, width, data: rows[i]! })),
      bridge.params,
    )
    const [read] = await text.read(probeTexts)
    const found = {
      dtype,
      image: closeness(wanted, await written.encodeImages(pixels, count), width),
      text: closeness(await words.embed(centredUnit(read!, width, bridge.centre), bridge.params), await written.encodeTexts(probeTexts), width),
    }
    for (const tower of ['image', 'text'] as const) {
      const isStored = tower === 'image' || Object.keys(textHeadParams(bridge.params)).length > 0
      const least = leastCosine[isStored ? headDtype : 'fp32']
      if (found[tower].least >= least) continue
      throw new UserError({
        where: `${dir}, ${tower} tower`,
        expected: `a cosine of at least ${least} to what was trained`,
        got: found[tower].least.toFixed(5),
        hint: 'Store the heads more precisely: --head-dtype fp16.',
      })
    }
    return found
  } finally {
    await head.release()
    await words.release()
    await written.release()
  }
}

function closeness(a: Float32Array, b: Float32Array, width: number): Parity['image'] {
  const cosines = Array.from({ length: a.length / width }, (_, row) => {
    let sum = 0
    for (let i = row * width; i < (row + 1) * width; i++) sum += a[i]! * b[i]!
    return sum
  })
  return { least: Math.min(...cosines), mean: cosines.reduce((x, y) => x + y, 0) / cosines.length }
}

async function copy(from: string, to: string): Promise<void> {
  await copyFile(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error // ids.json, for example, is not everywhere
  })
}
