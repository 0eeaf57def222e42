import { setTimeout } from 'node:timers/promises'
import test from 'ava'
import { openWaiting } from '../../training/waiting.ts'

test('only what is waited for counts, also where it fails', async (t) => {
  const waiting = openWaiting()
  t.is(await waiting.until(async () => 7), 7)
  t.true(waiting.sum() < 20, `${waiting.sum()}`)
  const before = waiting.sum()
  await setTimeout(30)
  t.is(waiting.sum(), before)
  await waiting.until(() => setTimeout(30))
  t.true(waiting.sum() >= 29, `${waiting.sum()}`)
  const refused = waiting.until(async () => {
    await setTimeout(30)
    throw new Error('no data')
  })
  await t.throwsAsync(refused, { message: 'no data' })
  t.true(waiting.sum() >= 58, `${waiting.sum()}`)
})
