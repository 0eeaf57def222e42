import test from 'ava'
import { eventHeap } from '../../bench/fleet/event-heap.ts'
import { expectedSeconds, mostAtEnd } from '../../bench/fleet/formula.ts'
import { type Fleet, simulate } from '../../bench/fleet/simulate.ts'
import { benchFleet, fleetFlags, fleetOf } from '../../bench/fleet.ts'
import { throwsUserError } from '../user-error.ts'

const quiet: Fleet = {
  ...{ workers: 2, slowShare: 0, slowness: 4, shards: [{ count: 4, seconds: 10 }] },
  ...{ queueSeconds: 0, failShare: 0, restartSeconds: 60, lockSeconds: 30, seed: 1 },
}

test('a fleet by hand', (t) => {
  t.deepEqual(simulate(quiet), { seconds: 20, deaths: 0, aside: 0 })
  t.is(simulate({ ...quiet, queueSeconds: 0.5 }).seconds, 21)
  // One of both takes 40 s for a shard, in which the other has done four.
  t.is(simulate({ ...quiet, slowShare: 0.5, shards: [{ count: 5, seconds: 10 }] }).seconds, 40)
  t.is(
    simulate({
      ...quiet,
      workers: 1,
      shards: [
        { count: 3, seconds: 10 },
        { count: 0, seconds: 7 },
        { count: 2, seconds: 1 },
      ],
    }).seconds,
    32,
  )
})

test('where every worker dies at every shard, each is set aside after ten deaths', (t) => {
  t.deepEqual(simulate({ ...quiet, failShare: 1 }), { seconds: 0, deaths: 40, aside: 4 })
})

test('the formula by hand', (t) => {
  t.is(expectedSeconds(quiet), 20)
  // Rates 1/10 and 1/40 of shards a second.
  t.true(Math.abs(expectedSeconds({ ...quiet, slowShare: 0.5 }) - 4 / (1 / 10 + 1 / 40)) < 1e-9)
  // p = ½: as many deaths as shards, of half a shard each; every try waits for the queue, every death for 60 s.
  t.true(Math.abs(expectedSeconds({ ...quiet, workers: 1, failShare: 0.5, queueSeconds: 1 }) - 4 * (10 + 5 + 2 + 60)) < 1e-9)
})

test('the simulation takes what the formula says, and no more than an end', (t) => {
  for (const seed of [1, 2, 3]) {
    const fleet = fleetOf(3e7, { ...fleetFlags, seed })
    const { seconds, aside } = simulate(fleet)
    const expected = expectedSeconds(fleet)
    t.true(seconds > 0.98 * expected && seconds < 1.02 * expected + mostAtEnd(fleet), `${seconds} ${expected}`)
    t.is(aside, 0)
  }
})

test('events come by time', (t) => {
  const heap = eventHeap<{ at: number }>()
  for (const at of [5, 1, 4, 1, 3, 9, 2]) heap.push({ at })
  t.deepEqual(
    Array.from({ length: 8 }, () => heap.pop()?.at),
    [1, 1, 2, 3, 4, 5, 9, undefined],
  )
})

test('refuses numbers that make no fleet', async (t) => {
  await throwsUserError(t, () => benchFleet({ ...fleetFlags, pairs: '1e6,many' }), { where: '--pairs', got: '1e6,many' })
  await throwsUserError(t, () => benchFleet({ ...fleetFlags, failShare: 1 }), { where: '--fail-share', got: '1' })
  await throwsUserError(t, () => benchFleet({ ...fleetFlags, workers: 0 }), { where: '--workers', got: '0' })
})
