import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { imagenetClasses } from '../../corpora/pool/imagenet.ts'
import { readPrototypes } from '../../corpora/prototypes.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'

test('the embedded class names read as the pool reads them', async (t) => {
  const file = new URL('../../corpora/pool/data/imagenet-classes.tsv', import.meta.url).pathname
  t.deepEqual(
    await readPrototypes(file),
    imagenetClasses().map(({ index, names }) => ({ index, names })),
  )
})

test('other columns are passed over; what is no list of classes is refused with its line', async (t) => {
  const dir = await temporaryFolder(t)
  const write = async (name: string, text: string) => {
    await writeFile(join(dir, name), text)
    return join(dir, name)
  }
  t.deepEqual(await readPrototypes(await write('good.tsv', 'en\tsynset\tindex\tja\nsea|ocean\tn1\t4\t海\n\tn2\t0\t\n')), [
    { index: 4, names: { en: ['sea', 'ocean'], ja: ['海'] } },
    { index: 0, names: {} },
  ])
  await throwsUserError(t, () => readPrototypes(join(dir, 'none.tsv')), { where: join(dir, 'none.tsv'), got: 'no such file' })
  const bad = await write('bad.tsv', 'class\ten\n0\tsea\n')
  await throwsUserError(t, () => readPrototypes(bad), { where: `${bad}, line 1`, expected: /column index/ })
  const twice = await write('twice.tsv', 'index\ten\n3\tsea\n3\tsun\n')
  await throwsUserError(t, () => readPrototypes(twice), { where: `${twice}, line 3`, got: '3' })
})
