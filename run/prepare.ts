import { join } from 'node:path'
import type { z } from 'zod'
import { recoverFolder } from '../base/replace-folder.ts'
import { namedPaths } from '../base/setting.ts'

/** What every command, and every function of the API with settings, does first: an export that was killed while it took the place of the one before is that one again, and limits on pictures hold. */
export async function prepare(schema: z.ZodObject, config: object): Promise<void> {
  for (const path of namedPaths(schema, { ...config })) for (const place of [path, join(path, 'export')]) await recoverFolder(place)
  if ('imageTimeout' in config) (await import('../corpora/decode-apart.ts')).setImageTimeout(Number(config.imageTimeout))
}
