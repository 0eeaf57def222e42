import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { UserError } from '../../base/errors.ts'
import { nodeArguments } from '../../base/own-modules.ts'
import type { Measures, Site } from './job.ts'
import type { Job } from './jobs.ts'

const program = fileURLToPath(new URL('./child.ts', import.meta.url))

/**
 * Runs a job in a process of its own. An interrupt goes to that process, which saves a checkpoint where it trains.
 * @throws UserError with the process's exit code when it did not end well; it has then said why
 */
export async function runJob(label: string, job: Job, site: Site): Promise<Measures> {
  const child = fork(program, { execArgv: nodeArguments() })
  // A terminal sends its interrupt to both processes; a supervisor's signal reaches this one alone.
  const pass = () => void child.kill('SIGTERM')
  const wait = () => {}
  process.on('SIGTERM', pass).on('SIGINT', wait)
  try {
    return await new Promise((resolve, reject) => {
      let measures: Measures | undefined
      child.once('message', (message) => {
        measures = message as Measures
      })
      child.once('error', reject)
      child.once('exit', (code, signal) => {
        if (code === 0 && measures) return resolve(measures)
        const hint = 'The same command goes on from the last checkpoint.'
        const exitCode = signal === 'SIGINT' || signal === 'SIGTERM' ? 130 : code || 1
        reject(new UserError({ where: label, expected: 'to run to the end', got: signal ?? `exit code ${code}`, hint }, exitCode))
      })
      child.send({ job, site })
    })
  } finally {
    process.off('SIGTERM', pass).off('SIGINT', wait)
  }
}
