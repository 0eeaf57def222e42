/** A process of its own for one job, so that peak memory and what runtimes leave behind are that job's alone. Started by run-job.ts. */
import { UserError } from '../../base/errors.ts'
import type { Measures, Site } from './job.ts'
import { type Job, jobs } from './jobs.ts'

/** Who would record the result is gone: stop as after an interrupt, with a checkpoint, and leave the folder to the next run. */
const orphaned = () => void process.kill(process.pid, 'SIGTERM')

process.once('disconnect', orphaned)
process.once('message', async ({ job, site }: { job: Job; site: Site }) => {
  try {
    const work = jobs[job.name] as (work: Job['work'], site: Site) => Promise<Measures>
    process.send!(await work(job.work, site))
  } catch (error) {
    process.stderr.write(`${error instanceof UserError ? error.message : error instanceof Error ? error.stack : error}\n`)
    process.exitCode = error instanceof UserError ? error.exitCode : 1
  }
  process.off('disconnect', orphaned)
  process.disconnect()
})
