import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** All files of features in a cache, by folder and name, with their bytes. */
export async function featureFiles(cacheDir: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  for (const folder of (await readdir(cacheDir)).filter((name) => name.startsWith('features-')).sort())
    for (const name of (await readdir(join(cacheDir, folder))).sort())
      files[`${folder}/${name}`] = (await readFile(join(cacheDir, folder, name))).toString('base64')
  return files
}
