import test from 'ava'
import { random } from '../../base/random.ts'
import { call, callsOf, type Disturbance, disturbed, resultsOf, temporaries } from '../../bench/soak/disturb.ts'
import { filesOf, makePlace, putBack } from '../../bench/soak/place.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const codes = ['ENOSPC', 'EIO', 'EACCES', 'EROFS'] as const
/** Of a command's calls, how many fail here; `npm run bench -- soak` has each of them fail. */
const sample = 4

test.serial('whichever write fails: exit code 2 with the path, nothing lost, nothing left, and the same command then succeeds', async (t) => {
  t.timeout(900_000)
  const place = await makePlace(await temporaryFolder(t))
  const next = random(7)
  for (const job of place.jobs) {
    const { calls, ending } = await callsOf(job.args)
    t.is(ending.code, 0, `${job.name}: ${ending.said}`)
    const [written, results] = [await filesOf(place, job.out), await resultsOf(place, job)]
    t.true(results.size > 0 && calls.length > sample, `${job.name}: ${results.size} results, ${calls.length} calls`)
    const isRun = job.again.length > 0
    const args = isRun ? [...job.args, '--force'] : job.args
    for (let k = 0; k < sample; k++) {
      const at = Math.floor((calls.length * (k + next())) / sample)
      const disturbance: Disturbance = { kind: 'fail', code: codes[k % codes.length]! }
      const what = `${job.name}, call ${at} of ${calls.length} (${calls[at]?.name} ${calls[at]?.path}), ${disturbance.code}`
      const { code, said, path } = await disturbed(place, args, at, disturbance)
      if (path === undefined) continue // with the cache filled there are fewer calls
      if (code !== 0) {
        t.is(code, 2, `${what}: ${said}`)
        t.true(said.includes(disturbance.code) || said.includes('full disk'), `${what}: ${said}`)
      }
      t.deepEqual(await temporaries(place), [], what)
      if (!isRun && code !== 0) t.deepEqual(await filesOf(place, job.out), written, `${what}: what was there is whole`)
      const after = await call(args)
      t.is(after.code, 0, `${what}: ${after.said}`)
      t.deepEqual(await resultsOf(place, job), results, what)
    }
    await putBack(place, job.out, written)
  }
})

test.serial('ended before any write: the same command goes on to the same bytes', async (t) => {
  t.timeout(900_000)
  const place = await makePlace(await temporaryFolder(t))
  const next = random(8)
  for (const job of place.jobs) {
    const { calls, ending } = await callsOf(job.args)
    t.is(ending.code, 0, ending.said)
    const [written, results] = [await filesOf(place, job.out), await resultsOf(place, job)]
    for (let k = 0; k < sample; k++) {
      const at = Math.floor((calls.length * (k + next())) / sample)
      if (job.again.length > 0) await putBack(place, job.out, new Map())
      await disturbed(place, job.args, at, { kind: 'end' })
      const what = `${job.name}, before call ${at} of ${calls.length} (${calls[at]?.name} ${calls[at]?.path})`
      const after = await call([...job.args, ...job.again])
      t.is(after.code, 0, `${what}: ${after.said}`)
      t.deepEqual(await resultsOf(place, job), results, what)
    }
    await putBack(place, job.out, written)
  }
})
