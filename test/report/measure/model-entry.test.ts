import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import test from 'ava'
import protobuf from 'protobufjs'
import { onnxSchema } from '../../../engine/onnx/schema.ts'
import { exportFolder } from '../../../export/package.ts'
import { onnxEntry } from '../../../report/measure/model-entry.ts'
import { smallModel } from '../../export/small-model.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

/** Moves all weights of an ONNX file into FILE_data, as exporters do with models over 2 GB. */
async function moveOut(file: string): Promise<void> {
  const type = protobuf.parse(onnxSchema).root.lookupType('onnx.ModelProto')
  const model = type.decode(await readFile(file)) as unknown as { graph: { initializer: Record<string, unknown>[] } }
  const parts: Uint8Array[] = []
  let offset = 0
  for (const tensor of model.graph.initializer) {
    const bytes = tensor.rawData as Uint8Array
    if (bytes.length < 256) continue
    const entries = { location: `${basename(file)}_data`, offset, length: bytes.length }
    tensor.externalData = Object.entries(entries).map(([key, value]) => ({ key, value: String(value) }))
    tensor.dataLocation = 1
    delete tensor.rawData
    parts.push(bytes)
    offset += bytes.length
  }
  await writeFile(`${file}_data`, Buffer.concat(parts))
  await writeFile(file, type.encode(model as unknown as protobuf.Message).finish())
}

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
  await copyFile(join(dir, 'onnx', 'text_model.onnx_data'), join(dir, 'onnx', 'text_model.onnx_data_1'))
  const more = await onnxEntry('teacher', dir, { threads: 1 })
  t.teardown(() => more.encoder.release())
  t.not(more.encoder.id, id, 'all files of weights tell teachers apart')
})
