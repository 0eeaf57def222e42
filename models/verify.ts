import { verifyChecksums } from '../base/checksums.ts'
import type { FileFormat } from './onnx/dtypes.ts'
import { locateModel } from './open-model.ts'

const hint = 'The folder is damaged, half copied or changed: export or copy it again. Delete SHA256SUMS where it was changed on purpose.'

/**
 * Compares the files of a model with the checksums that its folder carries.
 * @param required refuses a folder without checksums, such as one of another make
 * @throws UserError naming the file that is not as it was written
 */
export async function verifyModel(dir: string, { dtype, required }: { dtype?: FileFormat; required: boolean }): Promise<void> {
  await verifyModelFolder((await locateModel(dir, dtype)).folder, required)
}

/** The same of the folder that holds the files itself; without checksums there is nothing to compare unless they are `required`. */
export async function verifyModelFolder(folder: string, required = false): Promise<void> {
  await verifyChecksums(folder, { required, hint })
}
