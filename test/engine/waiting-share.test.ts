import test from 'ava'
import { waitingShare } from '../../engine/waiting-share.ts'

test('shares of the time since the last question and of all', (t) => {
  let waited = 1000 // of an earlier training
  const share = waitingShare(() => waited)
  t.true(Number.isNaN(share.whole()), 'no step yet')
  waited += 10
  share.add(100)
  share.add(100)
  t.is(share.sinceLast(), 10 / 200)
  waited += 30
  share.add(100)
  t.is(share.sinceLast(), 30 / 100)
  t.is(share.whole(), 40 / 300)
})
