import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import sharp from 'sharp'
import { openPictures, pictureCredits } from '../../corpora/open-pictures.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'

test('pictures of a file are those of its train split', async (t) => {
  const dir = await temporaryFolder(t)
  const picture = await sharp({ create: { width: 4, height: 4, channels: 3, background: 'red' } })
    .png()
    .toBuffer()
  for (const name of ['a', 'b', 'c']) await writeFile(join(dir, `${name}.png`), picture)
  const file = join(dir, 'three.csv')
  await writeFile(file, 'image,en,split\na.png,one,train\nb.png,two,test\nc.png,three,train')
  const { name, samples } = await openPictures(file)
  t.is(name, 'three.csv')
  t.deepEqual(
    samples.map(({ image }) => image.key),
    ['a.png', 'c.png'],
  )
  t.deepEqual(pictureCredits(file), [{ corpus: 'three.csv', licence: 'not stated (user data)' }])
})

test('a model card names them, if there are any', (t) => {
  t.deepEqual(pictureCredits(undefined), [])
  t.is(pictureCredits('icons')[0]!.licence, 'see THIRD_PARTY.md')
})

test('refuses what is neither', async (t) => {
  await throwsUserError(t, () => openPictures('nowhere'), { where: '--pictures', got: 'nowhere' })
  await throwsUserError(t, () => openPictures('nowhere.csv'), { where: 'corpus', got: /nowhere\.csv/ })
})
