import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { openCorpus } from '../../corpora/open.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import { featuresOfCorpus } from '../../stages/features.ts'
import { featuresSettings } from '../../stages/settings/features.ts'
import { runStage1 } from '../../stages/stage1.ts'
import { stage1Settings } from '../../training/stage1-settings.ts'
import { makeFolder } from './small-teachers.ts'

test('stage 1 finds the features that were computed before, and makes none', async (t) => {
  const dir = await makeFolder()
  t.teardown(() => rm(dir, { recursive: true }))
  const [cacheDir, languages] = [join(dir, 'cache'), ['de', 'fr']]
  const [corpus, teacherDir] = [join(dir, 'classes.csv'), join(dir, 'first')]
  const asked = featuresSettings.parse({ corpus, languages, teacher: teacherDir, variants: 2, threads: 1, cacheDir })
  t.deepEqual(await featuresOfCorpus(asked), { images: 48, texts: 48, megabytes: (96 * 2 * 16) / 1e6 })
  const before = await blocks(cacheDir)
  t.deepEqual(
    before.map(({ name }) => name.replace(/-[0-9a-f]{8}\./, '.')),
    ['augmentation-00000.jsonl', 'image-00000.npy', 'text-00000.npy'],
  )
  const settings = stage1Settings.parse({
    ...{ tokenizer: join(dir, 'words'), imageSize: 16, keepPatches: 1, steps: 1, batchSize: 8, warmup: 1 },
    ...{ variants: 2, threads: 1 },
  })
  const teacher = await openOnnxFolder(teacherDir, { threads: 1 })
  t.teardown(() => teacher.release())
  await runStage1({ open: await openCorpus(corpus), languages, teacher, settings, dir: join(dir, 'run'), cacheDir })
  t.deepEqual(await blocks(cacheDir), before)
})

async function blocks(cacheDir: string): Promise<{ name: string; modified: number }[]> {
  const found = []
  for (const folder of await readdir(cacheDir)) {
    if (!folder.startsWith('features-')) continue
    for (const name of await readdir(join(cacheDir, folder)))
      if (name !== 'index.json') found.push({ name, modified: (await stat(join(cacheDir, folder, name))).mtimeMs })
  }
  return found.sort((a, b) => a.name.localeCompare(b.name))
}
