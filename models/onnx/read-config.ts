import { readFile } from 'node:fs/promises'
import type { z } from 'zod'
import { UserError } from '../../base/errors.ts'
import { parseJson } from '../../base/json.ts'
import { refusePointer } from '../../base/lfs-pointer.ts'

/**
 * Reads a JSON file of a model's folder.
 * @returns undefined where there is no such file
 * @throws UserError for one that does not parse, naming the place
 */
export async function readConfigFile<T extends z.ZodType>(file: string, schema: T): Promise<z.output<T> | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  refusePointer(file, Buffer.from(text))
  const parsed = schema.safeParse(parseJson(text, file, 'Copy the file from the model again.'))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new UserError({
    where: `${file}: ${issue!.path.join('.') || 'top level'}`,
    expected: 'a configuration as transformers.js reads it',
    got: issue!.message,
    hint: 'Copy the file from the model again.',
  })
}
