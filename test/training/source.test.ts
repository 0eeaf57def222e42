import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { csvCorpus } from '../../corpora/csv.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import { captionedSource } from '../../training/source.ts'
import { withTeachers } from '../../training/teachers/teachers.ts'
import { makeFolder } from '../stages/small-teachers.ts'

test('an image without captions in the language of a pivot or a specialist is left out; else its other captions stand in', async (t) => {
  const dir = await makeFolder()
  t.teardown(() => rm(dir, { recursive: true }))
  const file = join(dir, 'plain.csv')
  const [header, ...rows] = (await readFile(file, 'utf8')).trim().split('\n')
  const lacking = rows.map((row, i) => (i < 2 ? row.replace(/^([^,]*,[^,]*),[^,]*/, '$1,') : row)) // French of the first two
  await writeFile(file, [header, ...lacking].join('\n'))
  const corpus = await csvCorpus({ file })
  const teacher = await openOnnxFolder(join(dir, 'first'), { threads: 1 })
  t.teardown(() => teacher.release())
  const read = (pivot?: string, specialists?: string[]) =>
    withTeachers({ teacher, settings: { specialists, threads: 1 }, languages: ['de', 'fr'], towers: [] }, async (teachers) => {
      const distillation = { teachers, variants: 0, targets: 'plain' as const, pivot }
      const { set } = await captionedSource(corpus, ['de', 'fr'], { weights: {}, distillation })
      return [set.dropped, set.lacking]
    })
  t.deepEqual(await read(), [0, { fr: 2 }])
  t.deepEqual(await read('de'), [0, { fr: 2 }])
  t.deepEqual(await read('fr'), [2, {}])
  t.deepEqual(await read(undefined, [`de=${join(dir, 'second')}`]), [0, { fr: 2 }])
  t.deepEqual(await read(undefined, [`fr=${join(dir, 'second')}`]), [2, {}])
})
