import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { hashFiles } from '../../base/hashes.ts'
import { dtypeSuffixes, type ModelDtype } from './dtypes.ts'

/** Two files with a tower each, or one with both. */
export type TeacherFiles = { vision: string; text: string } | { combined: string }

/**
 * Finds the ONNX files of a CLIP-like model: in each number format split towers first, because they load faster, then a combined model. Either
 * may lie in DIR/onnx or in DIR itself. Both towers have the same number format.
 * @param dtype only files of this number format; default: the first there is of fp32, fp16, q8, int8, q4
 * @throws UserError for a missing folder, and for one without such files, naming what it holds
 */
export async function findTeacherFiles(dir: string, dtype?: ModelDtype): Promise<TeacherFiles> {
  const found = await onnxFiles(dir)
  const suffixes = dtype ? [dtypeSuffixes[dtype]] : Object.values(dtypeSuffixes)
  const fileOf = (stem: string, suffix: string) => [`onnx/${stem}${suffix}.onnx`, `${stem}${suffix}.onnx`].find((name) => found.includes(name))
  for (const suffix of suffixes) {
    const [vision, text] = [fileOf('vision_model', suffix), fileOf('text_model', suffix)]
    if (vision && text) return { vision: join(dir, vision), text: join(dir, text) }
    const combined = fileOf('model', suffix)
    if (combined) return { combined: join(dir, combined) }
  }
  const ending = dtype ? `${dtypeSuffixes[dtype]}.onnx` : '.onnx (or _fp16, _quantized, _int8, _q4 before .onnx)'
  throw new UserError({
    where: dir,
    expected: `onnx/vision_model and onnx/text_model, or onnx/model, each with the ending ${ending}`,
    got: found.length > 0 ? found.join(', ') : 'no .onnx file',
    hint:
      found.length > 0
        ? 'Rename the files, or export the model again in the transformers.js layout.'
        : 'Take a repository that has an onnx folder, or export the model to ONNX with Python. For a run: npx distilingual export --help.',
  })
}

/**
 * The file of the image tower in a folder, in its most precise number format: it may stand beside other text towers than its own.
 * @throws UserError for a folder without one, naming what it holds
 */
export async function findImageTower(dir: string): Promise<string> {
  const found = await onnxFiles(dir)
  const names = Object.values(dtypeSuffixes).flatMap((suffix) => [`onnx/vision_model${suffix}.onnx`, `vision_model${suffix}.onnx`])
  const name = names.find((one) => found.includes(one))
  if (name) return join(dir, name)
  const hint = 'Name a teacher with split towers, or restore the file.'
  throw new UserError({ where: dir, expected: 'an image tower, onnx/vision_model.onnx', got: found.join(', ') || 'no .onnx file', hint })
}

/**
 * Names a model for reports and cache keys: its folder, and a hash of everything that its features depend on.
 * @param files the files in use; an ONNX file's external data and the folder's configuration, tokenizer and preprocessor count too
 */
export async function teacherId(dir: string, files: TeacherFiles): Promise<string> {
  const onnx = (await Promise.all(Object.values(files).map(withExternalData))).flat()
  const others = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'preprocessor_config.json'].map((name) => join(dir, name))
  return `${basename(resolve(dir))}-${await hashFiles(dir, [...onnx, ...others])}`
}

/** An ONNX file, and the files beside it that hold its weights, as exporters name them: FILE_data, FILE_data_1, FILE.data. */
export async function withExternalData(file: string): Promise<string[]> {
  const name = basename(file)
  const beside = (await readdir(dirname(file))).filter((other) => other.startsWith(`${name}_data`) || other.startsWith(`${name}.data`))
  return [file, ...beside.sort().map((other) => join(dirname(file), other))]
}

/** Names of the .onnx files, relative to `dir`. */
async function onnxFiles(dir: string): Promise<string[]> {
  const list = async (folder: string): Promise<string[] | undefined> => (await readdir(folder).catch(() => undefined))?.sort()
  const own = await list(dir)
  if (!own) {
    const got = (await stat(dir).catch(() => undefined)) ? 'a file' : 'nothing there'
    throw new UserError({ where: dir, expected: 'a folder with a CLIP-like ONNX model', got, hint: 'Check the path.' })
  }
  const inner = (await list(join(dir, 'onnx'))) ?? []
  return [...inner.map((name) => `onnx/${name}`), ...own].filter((name) => name.endsWith('.onnx'))
}
