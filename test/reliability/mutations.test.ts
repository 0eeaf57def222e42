import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { mutate } from '../../bench/soak/mutate.ts'
import { readMutations } from '../../bench/soak/mutations.ts'
import { makePlace } from '../../bench/soak/place.ts'
import { formatRanks } from '../../eval/ranks-file.ts'
import { exampleReport } from '../report/example.ts'
import { temporaryFolder } from '../temporary-folder.ts'

test('the same seed makes the same bytes, and always others than there were', (t) => {
  const bytes = Buffer.from('{"image": "a.png", "captions": {"en": "a red apple"}}')
  const made = Array.from({ length: 500 }, (_, seed) => mutate(bytes, seed))
  t.true(made.every((changed, seed) => changed.equals(mutate(bytes, seed)) && !changed.equals(bytes)))
  t.true(new Set(made.map(String)).size > 400)
})

test('2,000 changed files of all formats: read or refused, no crash, no hang, no silent change', async (t) => {
  t.timeout(900_000)
  const place = await makePlace(await temporaryFolder(t))
  await mkdir(join(place.dir, 'report'))
  await writeFile(join(place.dir, 'report', 'report.json'), JSON.stringify(exampleReport()))
  const direction = { ranks: [1, 2, 1], gallery: 3 }
  const saved = {
    model: 'student',
    dtype: 'fp32',
    corpus: 'x',
    protocol: 'test',
    language: 'de',
    task: '0',
    textToImage: direction,
    imageToText: direction,
  }
  await writeFile(join(place.dir, 'report', 'ranks.json'), formatRanks([saved]))
  const { counts, faults, memory } = await readMutations(place, { seed: 1, count: 2000 })
  t.deepEqual(
    faults.map(({ number, format, outcome, said }) => `${number} ${format} ${outcome}: ${said.slice(0, 300)}`),
    [],
  )
  t.true(
    Object.values(counts).every(({ refused = 0 }) => refused > 0),
    JSON.stringify(counts),
  )
  t.true(memory < 1.5e9, `${memory}`)
})
