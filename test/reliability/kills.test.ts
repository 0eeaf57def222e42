import test from 'ava'
import { random } from '../../base/random.ts'
import { killOnce, learn } from '../../bench/soak/disturb.ts'
import { makeJobs } from '../../bench/soak/jobs.ts'
import { openRunner } from '../../bench/soak/runner.ts'
import { temporaryFolder } from '../temporary-folder.ts'

/** Kills of each command; `npm run bench -- soak` has as many as its hours allow. */
const trials = 2

test('killed around a write: the same command goes on to the same bytes, and nothing is left over', async (t) => {
  t.timeout(600_000)
  const place = await makeJobs(await temporaryFolder(t))
  const runner = openRunner()
  t.teardown(() => runner.close())
  const next = random(11)
  for (const job of place.jobs) {
    const known = await learn(place, job, runner)
    for (let k = 0; k < trials; k++) {
      const at = Math.floor((known.calls.length * (k + next())) / trials)
      const after = k % 2 === 0 ? 0 : 3 * next()
      const { name, path } = known.calls[at]!
      t.deepEqual(await killOnce(place, known, runner, at, after), [], `${job.name}, ${after} ms after call ${at}, ${name} ${path}`)
    }
  }
})
