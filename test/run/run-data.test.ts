import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import sharp from 'sharp'
import { openRunData } from '../../run/run-data.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'

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
  await throwsUserError(t, () => torn, { where: /torn\.csv:2/, got: /an empty one/ })

  await rename(at('table.csv'), at('moved.csv'))
  const expected = { where: /table\.csv/, got: /no such file/, hint: /The model was trained on it: name with --corpus where it is now/ }
  await throwsUserError(t, () => openRunData({}, trained), expected)
  await throwsUserError(t, () => openRunData({ corpus: at('table.csv') }, trained), { got: /is not there/, hint: /Check the path/ })
})
