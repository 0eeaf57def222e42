import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { operatorsIn } from '../../engine/onnx/ort-file.ts'
import { openSession } from '../../engine/runtime.ts'
import { operatorsConfig } from '../../export/ort.ts'
import { exportFolder } from '../../export/package.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'
import { noise, smallModel } from './small-model.ts'

test('an export in ORT format gives the same embeddings from .ort files and lists their operators', async (t) => {
  const { model, tokenizerDir } = await smallModel(t)
  const first = join(await temporaryFolder(t), 'first')
  await exportFolder(model, { tokenizerDir, out: first, dtypes: ['fp32', 'fp16', 'q8', 'q4'], ort: true, threads: 1 })
  const made = (await readdir(join(first, 'onnx'))).filter((name) => !name.endsWith('.onnx')).sort()
  t.deepEqual(made, [
    'required_operators.config',
    'text_model.ort',
    'text_model_q4.ort',
    'text_model_quantized.ort',
    'vision_model.ort',
    'vision_model_q4.ort',
    'vision_model_quantized.ort',
  ])
  const pixels = { pixel_values: { data: noise(3, 32), dims: [3, 3, 32, 32] } }
  const ids = BigInt64Array.from([1, 20, 30, 3, 1, 41, 3, 0], BigInt)
  const words = { input_ids: { data: ids, dims: [2, 4] }, attention_mask: { data: ids.map((id) => (id > 0n ? 1n : 0n)), dims: [2, 4] } }
  const run = async (file: string) => {
    const session = await openSession(join(first, 'onnx', file), { threads: 1 })
    const { image_embeds, text_embeds } = await session.run(file.startsWith('vision') ? pixels : words)
    await session.release()
    return [...((image_embeds ?? text_embeds)!.data as Float32Array)]
  }
  for (const name of made.slice(1)) {
    const expected = await run(name.replace('.ort', '.onnx'))
    const got = await run(name)
    t.is(got.length, expected.length)
    t.true(
      got.every((value, i) => Math.abs(value - expected[i]!) < 1e-5),
      name,
    )
  }

  const lines = (await readFile(join(first, 'onnx/required_operators.config'), 'utf8')).trim().split('\n')
  t.true(
    lines.every((line) => /^(ai\.onnx|com\.microsoft);\d+;[A-Za-z]+(,[A-Za-z0-9]+)*$/.test(line)),
    lines.join('\n'),
  )
  t.true(lines.some((line) => line === 'ai.onnx;17;LayerNormalization'))
  const exact = operatorsIn(await readFile(join(first, 'onnx/vision_model.ort')))
  t.true(exact.some(({ op, domain }) => op === 'FusedMatMul' && domain === 'com.microsoft') || exact.some(({ op }) => op === 'MatMul'))
  t.false(exact.some(({ op }) => op === 'MatMulIntegerToFloat'))
  t.true(
    operatorsIn(await readFile(join(first, 'onnx/vision_model_quantized.ort'))).some(({ op }) => /^MatMulInteger|^DynamicQuantizeMatMul/.test(op)),
  )

  await exportFolder(model, { tokenizerDir, out: first, dtypes: ['fp32'], threads: 1 })
  t.false((await readdir(join(first, 'onnx'))).some((name) => name.endsWith('.ort') || name.endsWith('.config')))
})

test('fp16 alone is refused, and bytes that are no .ort file', async (t) => {
  const { model, tokenizerDir } = await smallModel(t)
  const out = join(await temporaryFolder(t), 'out')
  await throwsUserError(t, () => exportFolder(model, { tokenizerDir, out, dtypes: ['fp16'], ort: true }), { where: /^--format ort/, got: 'fp16' })
  await t.throwsAsync(readdir(out), { code: 'ENOENT' })
  t.throws(() => operatorsIn(new Uint8Array(64)), { message: /not a file in ORT format/ })
})

test('operators are listed as onnxruntime wants them', (t) => {
  const operators = [
    { domain: 'com.microsoft', since: 1, op: 'QuickGelu' },
    { domain: '', since: 13, op: 'MatMul' },
    { domain: '', since: 9, op: 'Old' },
    { domain: '', since: 13, op: 'Gather' },
  ]
  t.is(operatorsConfig(operators), 'ai.onnx;9;Old\nai.onnx;13;Gather,MatMul\ncom.microsoft;1;QuickGelu\n')
})
