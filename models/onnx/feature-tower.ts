import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { hashFiles } from '../../base/hashes.ts'
import { type NumberTensor, openSession, type RuntimeOptions, type Session } from '../../engine/runtime.ts'
import { loadTokenizer, type Tokenizer } from '../../tokenizers/load.ts'
import { dtypeSuffixes, type ModelDtype } from './dtypes.ts'
import { chooseFeeds, floats, itemOf } from './feeds.ts'
import { readTeacherConfig } from './folder-config.ts'
import { imageFeed, sizeOf, textFeeds } from './open-folder.ts'

/** A tower whose features are read as they are, before any head. */
export interface FeatureTower {
  /** Folder name and a hash of all that its features depend on. */
  id: string
  file: string
  dtype: ModelDtype
  /** The outputs that are read, with their widths. */
  outputs: { name: string; width: number }[]
  release(): Promise<void>
}

export interface ImageFeatureTower extends FeatureTower {
  imageSize: number // S
  /** CLIP-normalised pixels [n, 3, S, S] → one array [n, width] for each output. */
  read(pixels: Float32Array, count: number): Promise<Float32Array[]>
}

export interface TextFeatureTower extends FeatureTower {
  tokenizer: Tokenizer
  /** texts → one array [n, width] for each output. */
  read(texts: readonly string[]): Promise<Float32Array[]>
}

interface Wanted extends RuntimeOptions {
  /** Outputs to read; default: the first of the usual ones that there are. */
  outputs?: string[]
  /** Take the files of this number format; default: the most precise there are. */
  dtype?: ModelDtype
}

/** What features are called where nobody says it; a list is read together. */
const usual = {
  vision: [['features', 'middle'], ['features'], ['pooler_output'], ['image_embeds']],
  text: [['features'], ['sentence_embedding'], ['pooler_output'], ['text_embeds']],
}

/**
 * Opens the image tower of an ONNX folder with its preprocessor.
 * @throws UserError for missing files, and for a tower without outputs [batch, width] of these names
 */
export async function openImageFeatures(dir: string, options: Wanted = {}): Promise<ImageFeatureTower> {
  const config = await readTeacherConfig(dir)
  const { session, ...tower } = await open(dir, 'vision', options)
  const imageSize = sizeOf(session, config, dir)
  const feeds = (pixels: Float32Array, count: number) => ({ pixel_values: imageFeed(pixels, count, imageSize, config) })
  const read = reader(session, tower.file, tower.names)
  return await probed(
    session,
    tower,
    read,
    feeds(
      Float32Array.from({ length: 3 * imageSize ** 2 }, (_, i) => Math.sin(i)),
      1,
    ),
    {
      imageSize,
      read: (pixels: Float32Array, count: number) => read(feeds(pixels, count), count),
    },
  )
}

/**
 * Opens the text tower of an ONNX folder with its tokenizer.
 * @throws UserError as openImageFeatures does
 */
export async function openTextFeatures(dir: string, options: Wanted = {}): Promise<TextFeatureTower> {
  const config = await readTeacherConfig(dir)
  const tokenizer = await loadTokenizer(dir)
  const { session, ...tower } = await open(dir, 'text', options)
  const feeds = (texts: readonly string[]) => textFeeds(tokenizer, texts, session, config)
  const read = reader(session, tower.file, tower.names)
  return await probed(session, tower, read, feeds(['a']), { tokenizer, read: (texts: readonly string[]) => read(feeds(texts), texts.length) })
}

async function open(dir: string, kind: keyof typeof usual, { outputs, dtype, ...runtime }: Wanted) {
  const formats = dtype ? [dtype] : (Object.keys(dtypeSuffixes) as ModelDtype[])
  const names = formats.flatMap((format) =>
    ['onnx/', ''].map((folder) => ({ format, file: join(dir, `${folder}${kind}_model${dtypeSuffixes[format]}.onnx`) })),
  )
  const found = names.find(({ file }) => existsSync(file))
  if (!found) {
    const expected = `onnx/${kind}_model.onnx, or with ${Object.values(dtypeSuffixes).filter(Boolean).join(', ')} before .onnx`
    throw new UserError({
      where: dir,
      expected: dtype ? `onnx/${kind}_model${dtypeSuffixes[dtype]}.onnx` : expected,
      got: 'no such file',
      hint: 'Name the folder of an encoder that was exported to ONNX.',
    })
  }
  const { file, format } = found
  const session = await openSession(file, runtime)
  const there = session.outputs.filter(({ dims }) => dims.length === 2).map(({ name }) => name)
  const chosen = outputs ?? usual[kind].find((list) => list.every((name) => there.includes(name))) ?? (there.length === 1 ? there : undefined)
  const missing = chosen?.find((name) => !there.includes(name))
  if (!chosen || missing !== undefined) {
    const got = session.outputs.map(({ name, dims }) => `${name} [${dims}]`).join(', ')
    await session.release()
    throw new UserError({
      where: file,
      expected: `an output ${missing ?? usual[kind].map(([first]) => first).join(' or ')} [batch, width]`,
      got,
      hint: 'Name one of its outputs, or export the tower pooled.',
    })
  }
  const others = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'preprocessor_config.json'].map((name) => join(dir, name))
  return { session, file, dtype: format, names: chosen, id: `${basename(resolve(dir))}-${await hashFiles(dir, [file, ...others])}` }
}

type Read = (feeds: Record<string, NumberTensor>, count: number) => Promise<Float32Array[]>

function reader(session: Session, file: string, names: string[]): Read {
  const read: Read = async (feeds, count) => {
    const results = await session.run(chooseFeeds(file, session, feeds), names)
    return names.map((name) => {
      const { data, dims } = results[name]!
      if (dims[0] === count && dims.length === 2) return floats(data, session.outputs.find((output) => output.name === name)!.type)
      throw new UserError({
        where: `${file}, output ${name}`,
        expected: `shape [${count}, width]`,
        got: `[${dims}]`,
        hint: 'Export the tower pooled and with a dynamic batch.',
      })
    })
  }
  if (!session.inputs.some(({ dims }) => dims[0] === 1)) return read
  return async (feeds, count) => {
    const items: Float32Array[][] = []
    for (let item = 0; item < count; item++) items.push(await read(itemOf(feeds, item, count), 1))
    return names.map((_, i) => Float32Array.from(items.flatMap((item) => [...item[i]!])))
  }
}

/** Runs a tower once: widths need not be in the file. */
async function probed<Rest extends object>(
  session: Session,
  { names, ...tower }: { names: string[]; id: string; file: string; dtype: ModelDtype },
  read: Read,
  feeds: Record<string, NumberTensor>,
  rest: Rest,
): Promise<Omit<FeatureTower, 'read'> & Rest> {
  try {
    const rows = await read(feeds, 1)
    return { ...tower, ...rest, outputs: names.map((name, i) => ({ name, width: rows[i]!.length })), release: () => session.release() }
  } catch (error) {
    await session.release()
    throw error
  }
}
