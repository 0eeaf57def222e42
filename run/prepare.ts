import { join } from 'node:path'
import type { z } from 'zod'
import { recoverFolder } from '../base/replace-folder.ts'
import { flagOf, namedPaths, settingsOf, valueAt } from '../base/setting.ts'
import { requireThreads } from '../base/threads.ts'

/**
 * What every command, and every function of the API with settings, does first: threads are no more than cores, an export that was killed while it took the place of
 * the one before is that one again, and limits on pictures hold.
 * @throws UserError for more threads than cores
 */
export async function prepare(schema: z.ZodObject, config: object): Promise<void> {
  for (const { name } of settingsOf(schema)) {
    const value = /(^|\.)threads$/.test(name) ? valueAt(config, name) : undefined
    if (value !== undefined) requireThreads(flagOf(name), Number(value))
  }
  for (const path of namedPaths(schema, { ...config })) for (const place of [path, join(path, 'export')]) await recoverFolder(place)
  if ('imageTimeout' in config) (await import('../corpora/decode-apart.ts')).setImageTimeout(Number(config.imageTimeout))
}
