import { UserError } from '../base/errors.ts'
import type { Framing } from '../corpora/framing.ts'
import { decodeImage } from '../corpora/images.ts'

/** Images decoded at a time: memory stays flat however large a folder is. */
export const chunkSize = 64

/** A picture's pixels (RGBA `[S, S, 4]`), or why it has none. */
export type Decoded = { path: string; rgba: Uint8Array } | { path: string; reason: string }

/** A broken file among thousands is no reason to stop. */
export async function tryDecode(
  path: string,
  read: () => Promise<Uint8Array>,
  { imageSize, framing }: { imageSize: number; framing: Framing },
): Promise<Decoded> {
  try {
    return { path, rgba: await decodeImage({ key: path, read }, imageSize, 'auto', framing) }
  } catch (error) {
    return { path, reason: error instanceof UserError ? error.fields.got : (error as Error).message }
  }
}
