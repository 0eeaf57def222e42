import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { opening } from '../../base/closing.ts'
import { UserError } from '../../base/errors.ts'
import { clipFraming, type Framing } from '../../corpora/framing.ts'
import { compile, type Step } from '../../engine/compile.ts'
import { outlineModel } from '../../engine/onnx/proto.ts'
import { paramData, paramInputs } from '../../engine/params.ts'
import { openSession, type RuntimeOptions, type Session } from '../../engine/runtime.ts'
import type { InputSpecs, Tensors } from '../../engine/trace/trace.ts'
import { readModelFolder } from '../../models/folder.ts'
import { gateFeatures, gatesOf } from '../../models/gates.ts'
import type { Activations } from '../../models/layers.ts'
import { chooseFeeds, floats } from '../../models/onnx/feeds.ts'
import { findTeacherFiles, teacherId } from '../../models/onnx/files.ts'
import { readModelConfig } from '../../models/onnx/model-config.ts'
import { readPreprocessing, recolourOf } from '../../models/onnx/preprocessing.ts'
import { textTower } from '../../models/text.ts'
import { type ActivationOutput, activationOutputs } from '../../models/towers.ts'
import { imageTower } from '../../models/vision.ts'
import { loadTokenizer, type Tokenizer } from '../../tokenizers/load.ts'
import type { InnerShapes } from '../objectives/inner-layers.ts'
import type { InnerLayer, Tower } from '../objectives/objective.ts'

/** Numbers of what was asked for: hidden [n, T, D], attention [n, H, T, T], gates [n, ΣC]. */
export type InnerRows = Partial<Record<InnerLayer, Float32Array>>

/** A teacher whose inner layers can be read. */
export interface InnerTeacher {
  /** Folder and hash of all that these depend on. */
  id: string
  imageSize: number // S, pixels
  framing: Framing
  shapes: InnerShapes
  tokenizer: Tokenizer
  /** pixels [n, 3, S, S], CLIP-normalised */
  images(pixels: Float32Array, count: number, layers: readonly InnerLayer[]): Promise<InnerRows>
  /** ids and mask [n, T] */
  texts(ids: Int32Array, mask: Int32Array, count: number, layers: readonly InnerLayer[]): Promise<InnerRows>
  release(): Promise<void>
}

/**
 * Opens a teacher whose inner layers can be read: a model folder (model.safetensors), an export of ours, whose weights are read out of its ONNX files, or
 * split ONNX towers of another make with outputs `hidden_states` [b, T, D] and `attentions` [b, H, T, T], whose gates stay hidden.
 * @param towers those that will be looked into: of another make's, only these need such outputs
 * @throws UserError for a folder with none of them
 */
export async function openInnerTeacher(dir: string, towers: readonly Tower[], options: RuntimeOptions = {}): Promise<InnerTeacher> {
  return existsSync(join(dir, 'model.safetensors')) || (await holdsWeights(dir)) ? fromModel(dir, options) : fromOnnx(dir, towers, options)
}

/** Whether ONNX files without those outputs hold parameters under their names, as our exports do. */
async function holdsWeights(dir: string): Promise<boolean> {
  const files = await findTeacherFiles(dir)
  if ('combined' in files) return false
  const { outputs, initializers } = outlineModel(await readFile(files.vision), files.vision)
  if (Object.keys(activationOutputs).every((name) => outputs.includes(name))) return false
  return initializers.some(({ name }) => name.startsWith('vision_model.embeddings.'))
}

/** Shapes are static in a compiled graph: there is one for every batch size and length that comes. */
async function fromModel(dir: string, options: RuntimeOptions): Promise<InnerTeacher> {
  const { config, framing, params, tokenizer } = await readModelFolder(dir)
  const gates = { image: gatesOf('image', config), text: gatesOf('text', config) }
  const channels = (tower: Tower) => gates[tower].reduce((sum, { channels }) => sum + channels, 0)
  const pick = (tower: Tower, inputs: Tensors, { means, ...lastLayer }: Activations, layers: readonly InnerLayer[]) =>
    Object.fromEntries(layers.map((what) => [what, what === 'gates' ? gateFeatures(inputs, gates[tower], means) : lastLayer[what]]))
  const { vision_config: vision, text_config: text } = config
  const weights = paramData(params)
  const steps = new Map<string, Promise<Step>>()
  const step = (key: string, make: () => Promise<Step>) => {
    if (!steps.has(key)) steps.set(key, make())
    return steps.get(key)!
  }
  const size = vision.image_size
  const specs = (data: InputSpecs): InputSpecs => ({ ...paramInputs(params), ...data })
  return {
    id: await teacherId(dir, existsSync(join(dir, 'model.safetensors')) ? { combined: join(dir, 'model.safetensors') } : await findTeacherFiles(dir)),
    imageSize: size,
    framing: framing ?? clipFraming,
    tokenizer,
    shapes: {
      image: {
        width: vision.hidden_size,
        heads: vision.num_attention_heads,
        tokens: (size / vision.patch_size) ** 2 + 1,
        gates: channels('image'),
      },
      text: { width: text.hidden_size, heads: text.num_attention_heads, gates: channels('text') },
    },
    async images(pixels, count, layers) {
      const make = () =>
        compile(
          (inputs) => pick('image', inputs, imageTower(inputs, config, inputs.pixel_values!), layers),
          specs({ pixel_values: { dtype: 'float32', shape: [count, 3, size, size] } }),
          options,
        )
      return (await step(`image ${count} ${layers}`, make)).run({ ...weights, pixel_values: pixels })
    },
    async texts(ids, mask, count, layers) {
      const shape = [count, ids.length / count]
      if (shape[1]! > text.max_position_embeddings) throw tooLong(dir, shape[1]!, text.max_position_embeddings)
      const make = () =>
        compile(
          (inputs) => pick('text', inputs, textTower(inputs, config, inputs.input_ids!, inputs.attention_mask!), layers),
          specs({ input_ids: { dtype: 'int32', shape }, attention_mask: { dtype: 'int32', shape } }),
          options,
        )
      return (await step(`text ${shape} ${layers}`, make)).run({ ...weights, input_ids: ids, attention_mask: mask })
    },
    async release() {
      for (const opened of steps.values()) await (await opened).release()
      steps.clear()
    },
  }
}

async function fromOnnx(dir: string, towers: readonly Tower[], options: RuntimeOptions): Promise<InnerTeacher> {
  const files = await findTeacherFiles(dir)
  if ('combined' in files) {
    throw new UserError({
      where: files.combined,
      expected: 'one file per tower',
      got: 'a combined model',
      hint: 'Export vision_model.onnx and text_model.onnx with outputs hidden_states and attentions.',
    })
  }
  const preprocessing = await readPreprocessing(dir, await readModelConfig(dir))
  const [imageSize, recolour] = [preprocessing.size, recolourOf(preprocessing)]
  const tokenizer = await loadTokenizer(dir)
  if (imageSize === undefined || recolour) {
    throw new UserError({
      where: join(dir, 'preprocessor_config.json'),
      expected: "an image size, and CLIP's mean and deviation",
      got: imageSize ? 'others' : 'no size',
      hint: 'Use a model with this preprocessing, or distil features (fd) instead.',
    })
  }
  const size = imageSize
  return opening(async (closeLater, release) => {
    const open = async (file: string) => closeLater(await openTower(file, options), ({ release }) => release())
    const vision = towers.includes('image') ? await open(files.vision) : undefined
    const text = towers.includes('text') ? await open(files.text) : undefined
    const images = (pixels: Float32Array, count: number) => vision!.run({ pixel_values: { data: pixels, dims: [count, 3, size, size] } })
    const texts = (ids: Int32Array, mask: Int32Array, count: number) => {
      const dims = [count, ids.length / count]
      return text!.run({ input_ids: { data: ids, dims }, attention_mask: { data: mask, dims } })
    }
    // One run of each tower tells what its outputs are like.
    const image = vision && (await images(new Float32Array(3 * size * size), 1)).shape
    const word = tokenizer.encodeBatch(['a'], 4)
    const words = text && (await texts(word.inputIds, word.attentionMask, 1)).shape
    return {
      id: await teacherId(dir, files),
      imageSize: size,
      framing: preprocessing.framing,
      tokenizer,
      shapes: { ...(image && { image }), ...(words && { text: { width: words.width, heads: words.heads } }) },
      images,
      texts,
      release,
    }
  })
}

async function openTower(file: string, options: RuntimeOptions) {
  const session: Session = await openSession(file, options)
  const names = Object.keys(activationOutputs) as ActivationOutput[]
  const missing = names.find((name) => !session.outputs.some((output) => output.name === name))
  if (missing) {
    const got = session.outputs.map(({ name }) => name).join(', ')
    await session.release()
    throw new UserError({
      where: file,
      expected: `an output ${missing}`,
      got,
      hint: 'Export it with them: npm run export -- --outputs hidden_states,attentions.',
    })
  }
  const typeOf = (name: string) => session.outputs.find((output) => output.name === name)!.type
  return {
    async run(feeds: Parameters<typeof chooseFeeds>[2]) {
      const results = await session.run(chooseFeeds(file, session, feeds), [...names])
      const [hidden, attention] = names.map((name) => results[name]!) as [(typeof results)[string], (typeof results)[string]]
      return {
        hidden: floats(hidden.data, typeOf('hidden_states')),
        attention: floats(attention.data, typeOf('attentions')),
        shape: { width: hidden.dims[2]!, tokens: hidden.dims[1]!, heads: attention.dims[1]! },
      }
    },
    release: () => session.release(),
  }
}

/**
 * Last layers of text towers can be compared only over the same tokens.
 * @throws UserError when the tokenizers disagree on one of the texts
 */
export function requireSameTokenizer(own: Tokenizer, teacher: Tokenizer, texts: string[]): void {
  const different = texts.find((text) => own.encode(text).join() !== teacher.encode(text).join())
  if (different === undefined) return
  throw new UserError({
    where: '--inner-teacher',
    expected: "the student's tokenizer",
    got: `other tokens for ${JSON.stringify(different)}`,
    hint: "Give the student the teacher's with --tokenizer, or distil its image tower alone (hidden-image, attention-image).",
  })
}

/**
 * It reads texts of a student's length.
 * @throws UserError when they are too long for it
 */
export function requireContext({ id, tokenizer }: InnerTeacher, length: number): void {
  if (length > tokenizer.contextLength) throw tooLong(`--inner-teacher ${id}`, length, tokenizer.contextLength)
}

/**
 * Where it runs at every step, its images are the student's.
 * @throws UserError when they differ in size
 */
export function requireSameSize({ imageSize }: InnerTeacher, own: number): void {
  if (imageSize === own) return
  const hint = `Store what it shows (--variants 1 or more), or set --image-size ${imageSize}.`
  throw new UserError({ where: '--inner-teacher at every step', expected: `images of ${own} px, as the student's`, got: `${imageSize} px`, hint })
}

function tooLong(dir: string, length: number, limit: number): UserError {
  return new UserError({
    where: dir,
    expected: `texts of at most ${limit} tokens`,
    got: `${length}`,
    hint: 'The student must not have a longer context than the teacher.',
  })
}
