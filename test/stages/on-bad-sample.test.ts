import { existsSync } from 'node:fs'
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { parseJson } from '../../base/json.ts'
import { openRunData } from '../../run/run-data.ts'
import { trainedOn } from '../../run/trained-on.ts'
import { convert } from '../../stages/convert.ts'
import { distillFeatures } from '../../stages/distill-features.ts'
import { convertSettings } from '../../stages/settings/convert.ts'
import { stage1CommandSettings } from '../../stages/settings/stage1.ts'
import { throwsUserError } from '../user-error.ts'
import { makeFolder } from './small-teachers.ts'

test('a run leaves bad samples out and lists them; what is measured later leaves them out, too', async (t) => {
  const dir = await makeFolder()
  t.teardown(() => rm(dir, { recursive: true }))
  const corpus = join(dir, 'plain.csv')
  await writeFile(join(dir, 'broken.png'), 'no picture')
  await appendFile(corpus, '\nbroken.png,ein Bild,une image,train\n0.png,,,train\n')
  const out = join(dir, 'run')
  const settings = {
    ...{
      corpus,
      languages: ['de', 'fr'],
      teacher: join(dir, 'first'),
      tokenizer: join(dir, 'words'),
      imageSize: 16,
      objective: 'fd:1',
      textShare: 0,
    },
    ...{ keepPatches: 1, steps: 1, batchSize: 8, warmup: 0, variants: 1, threads: 1, out, cacheDir: join(dir, 'cache') },
  }
  await throwsUserError(t, () => distillFeatures(stage1CommandSettings.parse(settings)), { where: `${corpus}:27`, got: 'an empty one' })
  t.false(existsSync(out))
  await distillFeatures(stage1CommandSettings.parse({ ...settings, onBadSample: 'skip' }))
  t.deepEqual(await places(join(out, 'skipped.jsonl')), [`${corpus}:27`, `${corpus}:26, image broken.png`])
  const { open } = (await openRunData({}, await trainedOn(out)))!
  t.is(open.corpus.skipped?.length, 2)

  const converted = join(dir, 'sound.jsonl')
  const { images } = await convert(convertSettings.parse({ corpus, out: converted, onBadSample: 'skip' }))
  t.is(images, 24)
  t.is((await places(`${converted}.skipped.jsonl`)).length, 2)
})

async function places(file: string): Promise<string[]> {
  const lines = (await readFile(file, 'utf8')).trim().split('\n')
  return lines.map((line) => (parseJson(line, file, '') as { where: string }).where)
}
