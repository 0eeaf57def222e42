import { readFile, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import protobuf from 'protobufjs'
import { onnxSchema } from '../../engine/onnx/schema.ts'

/** Moves all weights of an ONNX file into FILE_data, as exporters do with models over 2 GB. */
export async function moveOut(file: string): Promise<void> {
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
