import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { featuresSettings } from '../../stages/settings/features.ts'
import { featureFiles } from './feature-files.ts'
import { makeFolder } from './small-teachers.ts'

/** A folder with a corpus of 24 pictures and a small teacher, settings of `features` for a cache in it, and the files of that cache. */
export async function featurePlace(t: ExecutionContext, variants: number) {
  const dir = await makeFolder()
  t.teardown(() => rm(dir, { recursive: true }))
  const asked = (cache: string, more: object = {}) =>
    featuresSettings.parse({
      ...{ corpus: join(dir, 'classes.csv'), languages: ['de', 'fr'], teacher: join(dir, 'first'), variants, threads: 1 },
      ...{ cacheDir: join(dir, cache), ...more },
    })
  return { dir, asked, files: (cache: string) => featureFiles(join(dir, cache)) }
}
