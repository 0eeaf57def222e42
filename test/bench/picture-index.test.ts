import test from 'ava'
import { benchPictureIndex, pictureIndexFlags } from '../../bench/picture-index.ts'
import { smallFolder } from '../search/index/pictures.ts'
import { throwsUserError } from '../user-error.ts'

test('an index that is killed twice ends as one that nothing disturbed, and is searched both ways', async (t) => {
  t.timeout(900_000)
  const { model, images } = await smallFolder(t, 12)
  const pictures = 200
  const rows = await benchPictureIndex({ ...pictureIndexFlags, pictures, images, model })
  t.is(rows['embeddings of an undisturbed index']!.values[0], pictures)
  for (const name of ['the words alone', 'exact', 'approximate']) t.true(rows[name]!.values[0]! > 0, name)
})

test('too few pictures are refused', async (t) => {
  await throwsUserError(t, () => benchPictureIndex({ ...pictureIndexFlags, pictures: 100 }), { where: '--pictures', got: '100' })
})
