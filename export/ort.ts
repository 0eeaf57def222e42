import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFile } from '../base/disk.ts'
import { UserError } from '../base/errors.ts'
import { operatorsIn, type RequiredOperator } from '../engine/onnx/ort-file.ts'
import { type NumberTensor, openSession, saveOrtModel } from '../engine/runtime.ts'
import type { ModelDtype } from '../models/onnx/dtypes.ts'
import { exportDtypes, onnxFile } from './dtypes.ts'
import { fileStems } from './file-stems.ts'

/** The operators that all .ort files of a folder need, as onnxruntime's build takes them (--include_ops_by_config). */
const operatorsFile = 'onnx/required_operators.config'

const towers = fileStems.filter((stem) => stem !== 'model')

/** Every file that an export in ORT format has beside the .onnx files. */
export const ortFiles = [operatorsFile, ...exportDtypes.flatMap((dtype) => towers.map((tower) => ortFile(onnxFile(tower, dtype))))]

/**
 * Writes both towers of each number format in onnxruntime's own format beside their .onnx files, for its mobile builds, and the list of the
 * operators that they need. Each file is opened again and has to give what the .onnx file gives. fp16 is left out: onnxruntime casts its
 * weights to fp32 before it writes them. Unlike all other files, these are not the same bytes every time: onnxruntime writes its tables in the order of a
 * randomly seeded hash.
 * @throws UserError when that leaves no format, and when a file gives something else
 */
export async function writeOrtFiles(dir: string, dtypes: ModelDtype[]): Promise<void> {
  const smaller = dtypes.filter((dtype) => dtype !== 'fp16')
  if (smaller.length === 0) {
    const hint = 'Add fp32 or q8 to --dtype.'
    throw new UserError({ where: '--format ort', expected: 'a format other than fp16, whose weights onnxruntime writes as fp32', got: 'fp16', hint })
  }
  const needed = new Map<string, RequiredOperator>()
  for (const source of smaller.flatMap((dtype) => towers.map((tower) => join(dir, onnxFile(tower, dtype))))) {
    const file = ortFile(source)
    await saveOrtModel(source, file)
    await verify(source, file)
    for (const operator of operatorsIn(await readFile(file))) needed.set(JSON.stringify(operator), operator)
  }
  await writeFile(join(dir, operatorsFile), operatorsConfig([...needed.values()]))
}

/** One line per domain and version: `ai.onnx;13;Gather,MatMul`. */
export function operatorsConfig(operators: RequiredOperator[]): string {
  const lines = new Map<string, string[]>()
  for (const { domain, since, op } of operators) {
    const key = `${domain || 'ai.onnx'};${since}`
    lines.set(key, [...(lines.get(key) ?? []), op].sort())
  }
  const version = (line: string) => Number(line.split(';')[1])
  const order = (a: string, b: string) => a.split(';')[0]!.localeCompare(b.split(';')[0]!) || version(a) - version(b)
  return [...lines.keys()]
    .sort(order)
    .map((key) => `${key};${lines.get(key)!.join(',')}\n`)
    .join('')
}

function ortFile(onnx: string): string {
  return onnx.replace(/\.onnx$/, '.ort')
}

async function verify(source: string, file: string): Promise<void> {
  const [expected, got] = [await outputOf(source), await outputOf(file)]
  const apart = expected.length === got.length ? expected.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i]!)), 0) : Infinity
  if (apart <= 1e-5) return
  const hint = 'This is a fault of the exporter or of onnxruntime: please report it.'
  throw new UserError({ where: file, expected: 'what the .onnx file gives, within 1e-5', got: `a difference of ${apart}`, hint }, 1)
}

/** What a tower makes of two made-up inputs. */
async function outputOf(model: string): Promise<Float32Array> {
  const session = await openSession(model, { threads: 1 })
  try {
    const feeds = Object.fromEntries(session.inputs.map(({ name, dims }) => [name, made(name, dims)]))
    const { image_embeds, text_embeds } = await session.run(feeds)
    return (image_embeds ?? text_embeds)!.data as Float32Array
  } finally {
    await session.release()
  }
}

function made(name: string, given: (number | string)[]): NumberTensor {
  const dims = given.map((dim, place) => (typeof dim === 'number' && dim > 0 ? dim : place === 0 ? 2 : 6))
  const length = dims.reduce((a, b) => a * b, 1)
  if (name === 'pixel_values') return { data: Float32Array.from({ length }, (_, i) => Math.sin(0.37 * i)), dims }
  return { data: BigInt64Array.from({ length }, (_, i) => (name === 'input_ids' ? BigInt(1 + ((7 * i) % 50)) : 1n)), dims }
}
