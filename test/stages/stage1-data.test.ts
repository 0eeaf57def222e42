import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { UserError } from '../../base/errors.ts'
import { openCorpus } from '../../corpora/open.ts'
import type { Sample } from '../../corpora/sample.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import { runStage1 } from '../../stages/stage1.ts'
import { stage1Settings } from '../../training/stage1-settings.ts'
import { makeFolder } from './small-teachers.ts'

const languages = ['de', 'fr']
let folder: Promise<string> | undefined
test.after.always(async () => folder && (await rm(await folder, { recursive: true })))

test('no teacher is in memory while a student learns from what is stored', async (t) => {
  const dir = await (folder ??= makeFolder())
  const teacher = await openOnnxFolder(join(dir, 'first'), { threads: 1 })
  let released = 0
  const release = async () => {
    released++
    await teacher.release()
  }
  const watched = { ...teacher, release }
  const open = await openCorpus(join(dir, 'classes.csv'))
  const usual = { tokenizer: join(dir, 'words'), keepPatches: 1, steps: 1, batchSize: 8, threads: 1 }
  const run = { open, languages, teacher: watched, cacheDir: join(dir, 'cache') }
  await runStage1({ ...run, dir: join(dir, 'every-step'), settings: stage1Settings.parse({ ...usual, variants: 0 }) })
  t.is(released, 0)
  await runStage1({ ...run, dir: join(dir, 'stored'), settings: stage1Settings.parse({ ...usual, variants: 2 }) })
  t.is(released, 1)
  await t.notThrowsAsync(teacher.release(), 'and whoever opened it may release it again')
})

test('a resumed run notices corrected captions', async (t) => {
  const dir = await (folder ??= makeFolder())
  const open = await openCorpus(join(dir, 'classes.csv'))
  const settings = stage1Settings.parse({ tokenizer: join(dir, 'words'), keepPatches: 1, steps: 2, batchSize: 8, threads: 1, variants: 1 })
  const out = join(dir, 'corrected')
  const run = async (corpus: typeof open, resume: boolean) => {
    const teacher = await openOnnxFolder(join(dir, 'first'), { threads: 1 })
    await runStage1({ open: corpus, languages, teacher, dir: out, cacheDir: join(dir, 'cache'), settings, resume }).finally(teacher.release)
  }
  await run(open, false)
  const { corpus } = open
  const changed = (change: (sample: Sample) => Partial<Sample>): typeof open => {
    const samples: typeof corpus.samples = async function* (split) {
      for await (const sample of corpus.samples(split)) yield { ...sample, ...change(sample) }
    }
    return { ...open, corpus: { ...corpus, samples } }
  }
  const refused = { instanceOf: UserError, message: /hash of images, captions and classes: expected/ }
  await t.throwsAsync(
    run(
      changed(({ captions }) => ({ captions: { ...captions, de: captions.de!.map((text) => `${text}!`) } })),
      true,
    ),
    refused,
  )
  await t.throwsAsync(
    run(
      changed(({ image }) => ({ image: { ...image, fingerprint: '1' } })),
      true,
    ),
    refused,
  )
  await t.notThrowsAsync(
    run(
      changed(({ image }) => ({ image: { ...image, modified: 1 } })),
      true,
    ),
    'a copy has other times',
  )
  await t.notThrowsAsync(run(open, true))
})
