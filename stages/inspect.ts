import { basename } from 'node:path'
import { onePerConcept } from '../corpora/emoji/drawings.ts'
import { emojiLanguages, wordsIn } from '../corpora/emoji/text.ts'
import { framingInWords } from '../corpora/framing.ts'
import { decodeImage, toPixelValues } from '../corpora/images.ts'
import type { Language } from '../corpora/sample.ts'
import type { TensorInfo } from '../engine/runtime.ts'
import { interleavedLatency } from '../eval/latency.ts'
import { embedPixels, embedTexts } from '../models/embed.ts'
import type { Encoder } from '../models/encoder.ts'
import { dtypeOf } from '../models/onnx/dtypes.ts'
import { type OpenFolder, openFolder, type TeacherOptions } from '../models/onnx/open-folder.ts'
import type { Tokenizer } from '../tokenizers/load.ts'

/** What was found out about a model that could be a teacher. */
export interface Inspection {
  id: string
  towers: { tower: 'image' | 'text'; file: string; format: string; inputs: TensorInfo[]; output: string }[]
  embedDim: number
  logitScale: number
  oneByOne: boolean
  image: { size: number; framing: string; values: string; file: string; milliseconds: number }
  text: { context: number; isFull: boolean; vocabulary: number; milliseconds: number }
  /** Share of the emojis' names that the tokenizer spells without an unknown token. */
  spelled: Record<Language, number>
  /** Of ten drawings and their names, how many find each other first. */
  sanity: Record<Language, { imageToText: number; textToImage: number }>
}

/** Things that look like nothing else: dog, cat, apple, bicycle, car, tree, house, pizza, airplane, umbrella. */
const pairs = ['1f436', '1f431', '1f34e', '1f6b2', '1f697', '1f332', '1f3e0', '1f355', '2708', '2602']
const namesTried = 300
/** A language in which more names than this are spelled counts as known. */
const spelledEnough = 0.9

/**
 * Opens a folder as a teacher and tries it out.
 * @throws UserError with the reason where it could not be a teacher
 */
export async function inspectTeacher(dir: string, options: TeacherOptions = {}): Promise<Inspection> {
  const opened = await openFolder(dir, options)
  const { encoder, image, text } = opened
  try {
    const { tokenizer, length } = text
    const spelled = Object.fromEntries(emojiLanguages().map((language) => [language, shareSpelled(tokenizer, language)]))
    const known = Object.keys(spelled).filter((language) => spelled[language]! >= spelledEnough)
    const { preprocessing, imageSize } = image
    const pixels = await pairPixels(encoder)
    const [ofImage, ofText] = await interleavedLatency(
      [
        { name: 'image', run: () => encoder.encodeImages(pixels.subarray(0, 3 * imageSize ** 2), 1) },
        { name: 'text', run: () => encoder.encodeTexts(['a red apple on a wooden table']) },
      ],
      { rounds: 5, warmup: 1 },
    )
    return {
      id: encoder.id,
      towers: towersOf(opened),
      embedDim: encoder.embedDim,
      logitScale: encoder.logitScale,
      oneByOne: encoder.oneByOne ?? false,
      image: {
        size: imageSize,
        framing: framingInWords(preprocessing.framing, imageSize),
        values: `times ${rounded(preprocessing.rescale)}, minus ${preprocessing.mean.map(rounded)}, over ${preprocessing.std.map(rounded)}`,
        file: basename(preprocessing.file),
        milliseconds: ofImage!.p50,
      },
      text: { context: length.limit, isFull: length.isFull, vocabulary: tokenizer.vocabSize, milliseconds: ofText!.p50 },
      spelled,
      sanity: await findEachOther(encoder, pixels, known),
    }
  } finally {
    await encoder.release()
  }
}

function towersOf({ image, text }: OpenFolder): Inspection['towers'] {
  return (
    [
      ['image', image],
      ['text', text],
    ] as const
  ).map(([tower, { tower: opened }]) => ({
    tower,
    file: opened.where,
    format: dtypeOf(opened.file),
    inputs: opened.inputs,
    output: opened.output,
  }))
}

function shareSpelled({ encode, unkId }: Tokenizer, language: Language): number {
  const names = Object.values(wordsIn(language)).map(([name]) => name!)
  const tried = names.filter((_, i) => i % Math.ceil(names.length / namesTried) === 0)
  return unkId === null ? 1 : tried.filter((name) => !encode(name).includes(unkId)).length / tried.length
}

async function pairPixels({ imageSize, framing }: Encoder): Promise<Float32Array> {
  const drawings = await onePerConcept('noto')
  const pixels = new Float32Array(pairs.length * 3 * imageSize ** 2)
  for (const [i, code] of pairs.entries()) {
    const rgba = await decodeImage(drawings.get(code)!.source, imageSize, 'auto', framing)
    pixels.set(toPixelValues(rgba, imageSize), i * 3 * imageSize ** 2)
  }
  return pixels
}

async function findEachOther(encoder: Encoder, pixels: Float32Array, languages: Language[]): Promise<Inspection['sanity']> {
  const images = await embedPixels(encoder, pixels, pairs.length)
  const found: Inspection['sanity'] = {}
  for (const language of languages) {
    const texts = await embedTexts(
      encoder,
      pairs.map((code) => wordsIn(language)[code]![0]!),
    )
    const firsts = (from: Float32Array, to: Float32Array) => pairs.filter((_, i) => nearest(from, to, i, encoder.embedDim) === i).length
    found[language] = { imageToText: firsts(images, texts), textToImage: firsts(texts, images) }
  }
  return found
}

function nearest(from: Float32Array, to: Float32Array, row: number, dim: number): number {
  const dots = pairs.map((_, other) => {
    let dot = 0
    for (let i = 0; i < dim; i++) dot += from[row * dim + i]! * to[other * dim + i]!
    return dot
  })
  return dots.indexOf(Math.max(...dots))
}

function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
