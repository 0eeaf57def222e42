import test from 'ava'
import { closing, opening } from '../../base/closing.ts'

const failure = new Error('no')

test('closing: all that was opened is closed at the end, the last first', async (t) => {
  const events: string[] = []
  const result = await closing(async (closeLater) => {
    const name = closeLater('first', (opened) => events.push(`closed ${opened}`))
    closeLater('second', async (opened) => events.push(`closed ${opened}`))
    events.push(`worked with ${name}`)
    return 7
  })
  t.is(result, 7)
  t.deepEqual(events, ['worked with first', 'closed second', 'closed first'])
})

test('closing: also where the work fails, and only what was open by then', async (t) => {
  const events: string[] = []
  const work = closing(async (closeLater) => {
    closeLater('first', (opened) => events.push(opened))
    throw failure
  })
  t.is(await t.throwsAsync(work), failure)
  t.deepEqual(events, ['first'])
})

test('opening: what was opened stays open until it is asked for, but where the rest cannot be opened', async (t) => {
  const events: string[] = []
  const open = (fails: boolean) =>
    opening(async (closeLater, closeAll) => {
      closeLater('first', (opened) => events.push(opened))
      if (fails) throw failure
      return closeAll
    })
  const closeAll = await open(false)
  t.deepEqual(events, [])
  await closeAll()
  t.deepEqual(events, ['first'])
  t.is(await t.throwsAsync(open(true)), failure)
  t.deepEqual(events, ['first', 'first'])
})
