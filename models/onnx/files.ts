import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { hashFiles } from '../../base/hashes.ts'
import { type FileFormat, formatSuffixes } from './dtypes.ts'
import { readModelFile } from './model-file.ts'

/** Two files with a tower each, or one with both. */
export type TeacherFiles = { vision: string; text: string } | { combined: string }
export type TowerName = 'vision' | 'text'

/**
 * Finds the ONNX files of a CLIP-like model: in each number format split towers first, because they load faster, then a combined model; where no
 * format has both towers, the most precise file of each. They may lie in DIR/onnx or in DIR itself.
 * @param dir a folder, or IMAGE_DIR+TEXT_DIR
 * @param dtype only files of this number format; default: the first there is of formatSuffixes
 * @throws UserError for a missing folder, and for one without such files, naming what it holds
 */
export async function findTeacherFiles(dir: string, dtype?: FileFormat): Promise<TeacherFiles> {
  const { image, text } = towerFolders(dir)
  if (image !== text) return { vision: await findTowerFile(image, 'vision', dtype), text: await findTowerFile(text, 'text', dtype) }
  const found = await onnxFiles(dir)
  const suffixes = suffixesOf(dtype)
  for (const suffix of suffixes) {
    const [vision, words] = [fileOf(found, ['vision_model'], [suffix]), fileOf(found, ['text_model'], [suffix])]
    if (vision && words) return { vision: join(dir, vision), text: join(dir, words) }
    const combined = fileOf(found, ['model'], [suffix])
    if (combined) return { combined: join(dir, combined) }
  }
  const [vision, words] = [fileOf(found, ['vision_model'], suffixes), fileOf(found, ['text_model'], suffixes)]
  if (vision && words) return { vision: join(dir, vision), text: join(dir, words) }
  throw missing(dir, 'onnx/vision_model and onnx/text_model, or onnx/model', found, dtype)
}

/**
 * The file of one tower in a folder that need not have the other: vision_model or text_model, or else a model that holds it.
 * @throws UserError as findTeacherFiles does
 */
export async function findTowerFile(dir: string, tower: TowerName, dtype?: FileFormat): Promise<string> {
  const found = await onnxFiles(dir)
  const file = fileOf(found, [`${tower}_model`, 'model'], suffixesOf(dtype))
  if (!file) throw missing(dir, `onnx/${tower}_model or onnx/model`, found, dtype)
  return join(dir, file)
}

/** Where the towers of a model lie: in one folder, or in two that are joined by a plus sign. */
export function towerFolders(dir: string): { image: string; text: string } {
  if (existsSync(dir) || !dir.includes('+')) return { image: dir, text: dir }
  const signs = [...dir.matchAll(/\+/g)].map(({ index }) => index)
  const at = signs.find((sign) => existsSync(dir.slice(0, sign))) ?? signs[0]!
  return { image: dir.slice(0, at), text: dir.slice(at + 1) }
}

/**
 * Names a model for reports and cache keys: its folders, and a hash of everything that its features depend on.
 * @param files the files in use; the files that hold weights of theirs and the folders' configuration, tokenizer and preprocessor count too
 */
export async function teacherId(dir: string, files: TeacherFiles | { vision: string } | { text: string }): Promise<string> {
  const { image, text } = towerFolders(dir)
  const folders = [...new Set([image, text])]
  const onnx = (await Promise.all(Object.values(files).map(withExternalData))).flat()
  const others = folders.flatMap((folder) => configFiles.map((name) => join(folder, name)))
  return `${folders.map((folder) => basename(resolve(folder))).join('+')}-${await hashFiles(image, [...onnx, ...others])}`
}

const configFiles = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'preprocessor_config.json', 'processor_config.json']

/** A model's file, and the files that hold weights of its, as it names them. */
export async function withExternalData(file: string): Promise<string[]> {
  if (!file.endsWith('.onnx')) return [file]
  const { weights } = await readModelFile(file)
  const beside = new Set(weights.flatMap(({ external }) => external?.file ?? []))
  return [file, ...[...beside].sort().map((name) => join(dirname(file), name))]
}

function suffixesOf(dtype: FileFormat | undefined): string[] {
  return dtype ? [formatSuffixes[dtype]] : Object.values(formatSuffixes)
}

function fileOf(found: string[], stems: string[], suffixes: string[]): string | undefined {
  const names = stems.flatMap((stem) => suffixes.flatMap((suffix) => [`onnx/${stem}${suffix}.onnx`, `${stem}${suffix}.onnx`]))
  return names.find((name) => found.includes(name))
}

function missing(dir: string, stems: string, found: string[], dtype?: FileFormat): UserError {
  const others = Object.values(formatSuffixes).filter(Boolean).join(', ')
  const ending = dtype ? `${formatSuffixes[dtype]}.onnx` : `.onnx (or ${others} before .onnx)`
  return new UserError({
    where: dir,
    expected: `${stems}, each with the ending ${ending}`,
    got: found.length > 0 ? found.join(', ') : 'no .onnx file',
    hint:
      found.length > 0
        ? 'Rename the files, or export the model again in the transformers.js layout.'
        : 'Take a repository that has an onnx folder, or export the model to ONNX with Python. For a run: npx distilingual export --help.',
  })
}

/** Names of the .onnx files, relative to `dir`. */
async function onnxFiles(dir: string): Promise<string[]> {
  const list = async (folder: string): Promise<string[] | undefined> => (await readdir(folder).catch(() => undefined))?.sort()
  const own = await list(dir)
  if (!own) {
    const got = (await stat(dir).catch(() => undefined)) ? 'a file' : 'nothing there'
    throw new UserError({
      where: dir,
      expected: 'a folder with a CLIP-like ONNX model',
      got,
      hint: 'Check the path; towers in two folders are IMAGE_DIR+TEXT_DIR.',
    })
  }
  const inner = (await list(join(dir, 'onnx'))) ?? []
  return [...inner.map((name) => `onnx/${name}`), ...own].filter((name) => name.endsWith('.onnx'))
}
