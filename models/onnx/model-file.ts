import { open, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { refusePointer } from '../../base/lfs-pointer.ts'
import { inlined, type ModelBytes, readModelBytes } from '../../engine/onnx/model-bytes.ts'

/**
 * Reads an ONNX file; weights in files beside it stay there.
 * @throws UserError for a file that is missing, a Git LFS pointer or no ONNX model, and where a file with weights is missing or a pointer
 */
export async function readModelFile(file: string): Promise<ModelBytes> {
  const bytes = await readFile(file).catch((error: Error) => {
    throw new UserError({ where: file, expected: 'an ONNX model', got: error.message, hint: 'Check the path.' })
  })
  refusePointer(file, bytes)
  const model = readModelBytes(bytes, file)
  for (const name of new Set(model.weights.flatMap(({ external }) => external?.file ?? []))) await requireBeside(file, name)
  return { ...model, weights: await Promise.all(model.weights.map((weight) => withSmall(file, weight))) }
}

const smallBytes = 4096

/** Shapes and axes must be known before weights are read: small tensors come inside. */
async function withSmall(file: string, weight: ModelBytes['weights'][number]): Promise<ModelBytes['weights'][number]> {
  const { external } = weight
  if (!external || (external.length ?? Infinity) > smallBytes) return weight
  const handle = await open(join(dirname(file), external.file))
  try {
    const raw = new Uint8Array(external.length!)
    await handle.read(raw, 0, raw.length, external.offset)
    return inlined(weight, raw)
  } finally {
    await handle.close()
  }
}

async function requireBeside(file: string, name: string): Promise<void> {
  const beside = join(dirname(file), name)
  const found = await stat(beside).catch(() => undefined)
  if (!found) {
    const hint = `Fetch it too, into the same folder: it holds weights of that model.`
    throw new UserError({ where: file, expected: `${name} beside it`, got: 'no such file', hint })
  }
  if (found.size < 1000) refusePointer(beside, await readFile(beside))
}
