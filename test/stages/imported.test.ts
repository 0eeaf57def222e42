import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { openCorpus } from '../../corpora/open.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import { runStage1 } from '../../stages/stage1.ts'
import { stage1Settings } from '../../training/stage1-settings.ts'
import { throwsUserError } from '../user-error.ts'
import { makeFolder } from './small-teachers.ts'

/** Two steps of stage 1. → their losses */
async function train(dir: string, name: string, settings: object): Promise<number[]> {
  const teacher = await openOnnxFolder(join(dir, 'first'), { threads: 1 })
  const usual = { tokenizer: join(dir, 'words'), keepPatches: 1, steps: 2, batchSize: 8, warmup: 1, variants: 2, threads: 1, logEvery: 1 }
  try {
    const run = {
      open: await openCorpus(join(dir, 'plain.csv')),
      languages: ['de', 'fr'],
      teacher,
      dir: join(dir, name),
      cacheDir: join(dir, 'cache'),
    }
    await runStage1({ ...run, settings: stage1Settings.parse({ ...usual, objective: 'fd:1,crd:1', targets: 'plain', ...settings }) })
  } finally {
    await teacher.release()
  }
  const lines = (await readFile(join(dir, name, 'log.jsonl'), 'utf8')).trim().split('\n')
  return lines.flatMap((line) => (JSON.parse(line) as { loss?: number }).loss ?? [])
}

test('features computed elsewhere teach as those of the teacher itself', async (t) => {
  const dir = await makeFolder()
  t.teardown(() => rm(dir, { recursive: true }))
  const own = await train(dir, 'own', {})
  const features = join(dir, 'imported')
  await mkdir(features)
  const [cached] = (await readdir(join(dir, 'cache'))).filter((name) => name.startsWith('features-image-'))
  const [block] = (await readdir(join(dir, 'cache', cached!))).filter((file) => file.endsWith('.npy'))
  await copyFile(join(dir, 'cache', cached!, block!), join(features, 'rows.npy'))
  const ids = (first: number) => Array.from({ length: 24 }, (_, i) => `elsewhere/${first + i}.jpg\n`).join('')
  await writeFile(join(features, 'rows.txt'), ids(0))
  const losses = await train(dir, 'imported-run', { features })
  t.is(losses.length, 2)
  for (const [i, loss] of losses.entries()) t.true(Math.abs(loss - own[i]!) < 1e-3 * loss, `${loss} ${own[i]}`)

  await throwsUserError(t, () => train(dir, 'a', { features, targets: 'augmented' }), { expected: '--targets plain', got: 'augmented' })
  await throwsUserError(t, () => train(dir, 'b', { features: join(dir, 'nowhere') }), { where: `--features ${join(dir, 'nowhere')}` })
  await writeFile(join(features, 'rows.txt'), ids(1))
  await throwsUserError(t, () => train(dir, 'c', { features }), { got: /^none for 1 of them .*: 0\.png;/ })
  t.false(existsSync(join(dir, 'c')))
})
