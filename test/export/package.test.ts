import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { parseDtypes } from '../../export/dtypes.ts'
import { exportFolder } from '../../export/package.ts'
import { readModelFolder } from '../../models/folder.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { type Expected, throwsUserError } from '../user-error.ts'
import { captions, leastCosine, noise, smallModel } from './small-model.ts'

const files = [
  'README.md',
  'SHA256SUMS',
  'config.json',
  'model.safetensors',
  'onnx/model.onnx',
  'onnx/model_fp16.onnx',
  'onnx/model_q4.onnx',
  'onnx/model_quantized.onnx',
  'onnx/text_model.onnx',
  'onnx/text_model_fp16.onnx',
  'onnx/text_model_q4.onnx',
  'onnx/text_model_quantized.onnx',
  'onnx/vision_model.onnx',
  'onnx/vision_model_fp16.onnx',
  'onnx/vision_model_q4.onnx',
  'onnx/vision_model_quantized.onnx',
  'preprocessor_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
]

async function list(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    .sort()
}

test('an exported folder holds every format, smaller ones near to the model, and is the same the second time', async (t) => {
  const { model, tokenizerDir, encoder } = await smallModel(t)
  const parent = await temporaryFolder(t)
  const out = join(parent, 'first')
  const options = { tokenizerDir, dtypes: parseDtypes(['fp32', 'fp16', 'q8', 'q4']), threads: 1, card: { name: 'small', languages: ['en', 'zh'] } }
  const { parity, sizes } = await exportFolder(model, { ...options, out })
  t.deepEqual(await list(out), files)
  t.deepEqual(await readdir(parent), ['first'])
  const of = (dtype: string) => parity.find((row) => row.dtype === dtype)!
  t.true(of('fp32').image.least > 0.999999 && of('fp32').text.least > 0.999999)
  t.true(of('fp16').image.least > 0.99999 && of('q8').text.least > 0.98 && of('q4').text.least > 0.8, JSON.stringify(parity))
  const bytes = sizes.map((row) => row.bytes.text_model)
  t.true(bytes[1]! < 0.55 * bytes[0]! && bytes[2]! < 0.31 * bytes[0]! && bytes[3]! < 0.26 * bytes[0]!, String(bytes))

  const teacher = await openOnnxFolder(out, { threads: 1 })
  t.teardown(() => teacher.release())
  t.like(teacher, { embedDim: 64, imageSize: 32 })
  t.true(Math.abs(teacher.logitScale / encoder.logitScale - 1) < 1e-6)
  const pixels = noise(2, 32)
  t.true(leastCosine(await teacher.encodeImages(pixels, 2), await encoder.encodeImages(pixels, 2), 64) > 0.999999)
  t.true(leastCosine(await teacher.encodeTexts(captions), await encoder.encodeTexts(captions), 64) > 0.999999)
  t.deepEqual((await readModelFolder(out)).params['visual_projection.weight'], model.params['visual_projection.weight'])

  const again = join(parent, 'second')
  await exportFolder(model, { ...options, out: again })
  for (const file of files) t.true((await readFile(join(again, file))).equals(await readFile(join(out, file))), file)
})

test('a temperature that was carried past its bound, and tensors that are equal', async (t) => {
  const { model, tokenizerDir } = await smallModel(t)
  const untouched = Object.entries(model.params).filter(([name]) => name.startsWith('vision_model.') && name.endsWith('.bias'))
  const params = { ...model.params, ...Object.fromEntries(untouched.map(([name, { shape, data }]) => [name, { shape, data: data.map(() => 0) }])) }
  params.logit_scale = { shape: [], data: Float32Array.of(Math.log(100) + 0.02) }
  const out = join(await temporaryFolder(t), 'export')
  await exportFolder({ ...model, params }, { tokenizerDir, dtypes: ['fp32'], threads: 1, out, leaveOut: ['safetensors'] })

  const read = await readModelFolder(out)
  t.true(Math.abs(Math.exp(read.params.logit_scale!.data[0]!) - 100) < 1e-3, 'what the loss used, which Python would not clamp')
  for (const [name, { data }] of Object.entries(params)) if (name !== 'logit_scale') t.deepEqual(read.params[name]?.data, data, name)
})

test('an earlier export is replaced, other files are safe', async (t) => {
  const { model, tokenizerDir } = await smallModel(t)
  const out = join(await temporaryFolder(t), 'deep', 'folder')
  await exportFolder(model, { tokenizerDir, out, dtypes: ['fp32', 'q8'], threads: 1 })
  await exportFolder(model, { tokenizerDir, out, dtypes: ['fp16'], threads: 1 })
  t.deepEqual(
    (await list(out)).filter((file) => file.startsWith('onnx/')),
    ['onnx/model_fp16.onnx', 'onnx/text_model_fp16.onnx', 'onnx/vision_model_fp16.onnx'],
  )
  await mkdir(join(out, 'notes'))
  await writeFile(join(out, 'notes/mine.txt'), 'mine')
  const before = await list(out)
  await throwsUserError(t, () => exportFolder(model, { tokenizerDir, out, dtypes: ['fp32'] }), {
    got: /a folder with notes\/mine.txt/,
    hint: /--force/,
  })
  t.deepEqual(await list(out), before)
  await exportFolder(model, { tokenizerDir, out, dtypes: ['fp32'], force: true, threads: 1 })
  t.is(await readFile(join(out, 'notes/mine.txt'), 'utf8'), 'mine')
  t.false((await list(out)).includes('onnx/model_fp16.onnx'))
  await throwsUserError(t, () => exportFolder(model, { tokenizerDir, out: join(out, 'README.md'), dtypes: ['fp32'] }), { got: 'a file' })
})

test('an export that fails leaves everything as it was', async (t) => {
  const { model, tokenizerDir } = await smallModel(t)
  const parent = await temporaryFolder(t)
  const out = join(parent, 'out')
  await exportFolder(model, { tokenizerDir, out, dtypes: ['fp32'], threads: 1 })
  const before = await readFile(join(out, 'onnx/text_model.onnx'))
  const fails = (expected: Expected, options = {}) =>
    throwsUserError(t, () => exportFolder(model, { tokenizerDir, out, dtypes: ['fp32', 'q8'], threads: 1, ...options }), expected)
  model.params['text_projection.weight']!.data[3] = NaN
  await fails({ expected: /finite/ })
  t.deepEqual(await readdir(parent), ['out'])
  t.true((await readFile(join(out, 'onnx/text_model.onnx'))).equals(before))
  await throwsUserError(t, () => parseDtypes(['q5']), { where: /--dtype/, expected: /a list of fp32, fp16, q8, int8, q4/, got: 'q5' })
})
