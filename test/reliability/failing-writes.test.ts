import test from 'ava'
import { random } from '../../base/random.ts'
import { failOnce, learn } from '../../bench/soak/disturb.ts'
import { makeJobs } from '../../bench/soak/jobs.ts'
import { openRunner } from '../../bench/soak/runner.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const codes = ['ENOSPC', 'EIO', 'EACCES', 'EROFS'] as const
/** Of a command's calls to the disk, how many fail here; `npm run bench -- soak` has each of them fail. */
const usual = 6
const ofLongOnes: Record<string, number> = { stage1: 2, stage2: 2, bridge: 2, export: 2, evaluate: 2 }

test('whichever write fails: exit code 2 with the path, nothing lost, nothing left, and the same command then succeeds', async (t) => {
  t.timeout(600_000)
  const place = await makeJobs(await temporaryFolder(t))
  const runner = openRunner()
  t.teardown(() => runner.close())
  const next = random(7)
  let tried = 0
  for (const job of place.jobs) {
    const known = await learn(place, job, runner)
    t.true(known.calls.length >= 5, job.name)
    const trials = ofLongOnes[job.name] ?? usual
    for (let k = 0; k < trials; k++) {
      const at = Math.floor((known.calls.length * (k + next())) / trials)
      t.deepEqual(await failOnce(place, known, runner, at, codes[tried++ % codes.length]!), [], `${job.name}, call ${at} of ${known.calls.length}`)
    }
  }
  t.true(tried > 40)
})
