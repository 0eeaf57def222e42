import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import sharp from 'sharp'
import { UserError } from '../../base/errors.ts'
import { openRunData } from '../../run/run-data.ts'
import { temporaryFolder } from '../temporary-folder.ts'

test('what a model was trained on is found, and asked for where it has moved', async (t) => {
  const dir = await temporaryFolder(t)
  const at = (...parts: string[]) => join(dir, ...parts)
  await mkdir(at('pictures'))
  await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .png()
    .toFile(at('pictures', 'a.png'))
  await writeFile(at('table.csv'), 'image,en,split\na.png,red,val\n')
  const trained = { corpus: at('table.csv'), imagesDir: at('pictures'), languages: ['en'] }
  t.is(await openRunData({}), undefined)
  t.like(await openRunData({}, trained), { languages: ['en'], open: { defaultValidation: 'val' } })

  await writeFile(at('other.csv'), 'image,en,split\npictures/a.png,red,val\n')
  t.is(
    (await openRunData({ corpus: at('other.csv') }, trained))!.open.corpus.name,
    'other',
    "another table's images lie beside it, not in the run's folder",
  )

  const [german, usual] = [
    { ...trained, languages: ['de'] },
    { corpus: at('other.csv'), languages: ['en'] },
  ]
  t.like(await openRunData({ corpus: at('other.csv') }, german, usual), { languages: ['en'] }, "another table's languages are its own")
  await writeFile(at('translations.csv'), 'en,de\nred,rot\n')
  t.like(await openRunData({}, { corpus: at('translations.csv'), languages: ['en', 'de'] }, usual), usual, 'texts alone have nothing to measure on')
  t.is(await openRunData({}, { corpus: at('translations.csv') }), undefined)
  t.like(await openRunData({}, { corpus: 'emoji-names', languages: ['de'] }), { corpus: 'emoji', languages: ['de'] })
  await writeFile(at('torn.csv'), 'image,en,split\na.png,,val\n')
  const torn = openRunData({}, { ...trained, corpus: at('torn.csv') })
  await t.throwsAsync(torn, { message: /torn\.csv:2: expected a caption in en, got an empty one\. Write a caption/ })

  await rename(at('table.csv'), at('moved.csv'))
  const message = /table\.csv: .*got no such file\. The model was trained on it: name with --corpus where it is now/
  await t.throwsAsync(openRunData({}, trained), { instanceOf: UserError, message })
  await t.throwsAsync(openRunData({ corpus: at('table.csv') }, trained), { message: /is not there\. Check the path/ })
})
