import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { exportFolder } from '../../../export/package.ts'
import { onnxEntry } from '../../../report/measure/model-entry.ts'
import { moveOut } from '../../export/move-out.ts'
import { smallModel } from '../../export/small-model.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

test('towers whose weights lie in another file are counted like others', async (t) => {
  const { model, tokenizerDir } = await smallModel(t)
  const dir = join(await temporaryFolder(t), 'teacher')
  await exportFolder(model, { tokenizerDir, out: dir, dtypes: ['fp32'], threads: 1, leaveOut: ['combined', 'safetensors'] })
  const inside = await onnxEntry('teacher', dir, { threads: 1 })
  t.teardown(() => inside.encoder.release())
  for (const tower of ['vision_model', 'text_model']) await moveOut(join(dir, 'onnx', `${tower}.onnx`))

  const outside = await onnxEntry('teacher', dir, { threads: 1 })
  t.teardown(() => outside.encoder.release())
  t.deepEqual(outside.facts.parameters, inside.facts.parameters)
  const [own, other] = [inside.facts.bytes.fp32!, outside.facts.bytes.fp32!]
  t.true(other > 0.99 * own && other < 1.2 * own, `${other} bytes instead of ${own}`)
  t.deepEqual(await outside.encoder.encodeTexts(['sun']), await inside.encoder.encodeTexts(['sun']))

  const { id } = outside.encoder
  const weights = join(dir, 'onnx', 'text_model.onnx_data')
  const bytes = await readFile(weights)
  bytes[bytes.length - 4]! ^= 1
  await writeFile(weights, bytes)
  const more = await onnxEntry('teacher', dir, { threads: 1 })
  t.teardown(() => more.encoder.release())
  t.not(more.encoder.id, id, 'every byte of the weights tells teachers apart')
})
