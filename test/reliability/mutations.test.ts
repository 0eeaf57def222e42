import test from 'ava'
import { mutate } from '../../bench/soak/mutate.ts'
import { readMutations } from '../../bench/soak/mutations.ts'
import { makePlace } from '../../bench/soak/place.ts'
import { writeReportExamples } from '../../bench/soak.ts'
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
  await writeReportExamples(place.dir)
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
