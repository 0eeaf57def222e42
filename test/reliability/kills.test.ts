import test from 'ava'
import { random } from '../../base/random.ts'
import { killOnce, learn } from '../../bench/soak/disturb.ts'
import { makeJobs } from '../../bench/soak/jobs.ts'
import { openRunner } from '../../bench/soak/runner.ts'
import { temporaryFolder } from '../temporary-folder.ts'

/** Killed in test/engine/train.test.ts, and by the soak. */
const trainings = ['stage1', 'stage2', 'bridge']

test('each command killed once around a write, the soak has as many kills as its hours allow: the same command goes on to the same bytes, and nothing is left over', async (t) => {
  t.timeout(600_000)
  const place = await makeJobs(await temporaryFolder(t))
  const runner = openRunner()
  t.teardown(() => runner.close())
  const next = random(11)
  for (const [i, job] of place.jobs.entries()) {
    const known = await learn(place, job, runner) // the later ones read what the earlier ones wrote
    if (trainings.includes(job.name)) continue
    const at = Math.floor(known.calls.length * next())
    const after = i % 2 === 0 ? 0 : 3 * next()
    const { name, path } = known.calls[at]!
    t.deepEqual(await killOnce(place, known, runner, at, after), [], `${job.name}, ${after} ms after call ${at}, ${name} ${path}`)
  }
})
