/** Folders of real pictures and a small model of random weights, for tests of the search index. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { openCorpus } from '../../../corpora/open.ts'
import { writeModelFolder } from '../../../models/folder.ts'
import { smallModel } from '../../export/small-model.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

/** Writes `count` emoji drawings as files into `dir`, half of them into a subfolder; returns their paths below it. */
export async function writeDrawings(dir: string, count: number): Promise<string[]> {
  const { corpus } = await openCorpus('emoji', { languages: ['en'] })
  const names: string[] = []
  for await (const { image } of corpus.samples('test')) {
    if (names.length === count) break
    const name = `${names.length % 2 ? 'more/' : ''}${String(names.length).padStart(4, '0')}.svg`
    await mkdir(dirname(join(dir, name)), { recursive: true })
    await writeFile(join(dir, name), await image.read())
    names.push(name)
  }
  return names
}

/** `dir/images` with drawings and `dir/model`. */
export async function smallFolder(t: ExecutionContext, count: number) {
  const dir = await temporaryFolder(t)
  const { model, tokenizerDir } = await smallModel(t)
  await writeModelFolder(join(dir, 'model'), model, tokenizerDir)
  const names = await writeDrawings(join(dir, 'images'), count)
  return { dir, names, model: join(dir, 'model'), images: join(dir, 'images'), out: join(dir, 'search.index') }
}
