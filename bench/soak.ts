import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { random } from '../base/random.ts'
import { formatRanks } from '../eval/ranks-file.ts'
import { exampleReport } from '../test/report/example.ts'
import { measured, type Rows } from './record/rows.ts'
import { failOnce, killOnce, learn } from './soak/disturb.ts'
import { type JobPlace, makeJobs } from './soak/jobs.ts'
import { readMutations } from './soak/mutations.ts'
import { openRunner } from './soak/runner.ts'

export const soakFlags = { hours: 1, seed: 1, mutations: 500 }

const codes = ['ENOSPC', 'EIO', 'EACCES', 'EROFS'] as const

interface Counts {
  /** By command. */
  failedWrites: Record<string, number>
  kills: Record<string, number>
  changedFiles: number
  faults: string[]
}

/**
 * Disturbs the commands that write, for so many hours: at a random call to the disk it fails, or the process is killed around it; between rounds changed files are
 * read. Prints counts after every round; exit code 1 where anything came of it that may not. The same seed makes the same choices. Returns the counts.
 */
export async function benchSoak({ hours, seed, mutations }: Record<string, string | number>): Promise<Rows> {
  const until = Date.now() + Number(hours) * 3_600_000
  const dir = await mkdtemp(join(tmpdir(), 'distilingual-soak-'))
  const counts: Counts = { failedWrites: {}, kills: {}, changedFiles: 0, faults: [] }
  try {
    const place = await makeJobs(join(dir, 'jobs'))
    await writeReportExamples(place.dir)
    for (let round = 0; Date.now() < until; round++) {
      await disturbJobs(place, Number(seed) + round, counts, until)
      const { faults } = await readMutations(place, { seed: 1e6 * (Number(seed) + round), count: Number(mutations) })
      counts.changedFiles += Number(mutations)
      counts.faults.push(...faults.map(({ number, format, outcome, said }) => `${format}, change ${number}: ${outcome} ${said.slice(0, 200)}`))
      console.log(JSON.stringify({ machine: `${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}`, rounds: round + 1, ...counts }))
    }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
  if (counts.faults.length > 0) process.exitCode = 1
  return rowsOf(counts)
}

function rowsOf({ failedWrites, kills, changedFiles, faults }: Counts): Rows {
  const each = (kind: string, counts: Record<string, number>) =>
    Object.entries(counts).map(([command, count]) => [`${command}, ${kind}`, measured('count', count)] as const)
  return {
    ...Object.fromEntries([...each('failed writes', failedWrites), ...each('kills', kills)]),
    'changed files': measured('count', changedFiles),
    faults: measured('count', faults.length),
  }
}

/** One write that fails and one kill, of each command in turn; the last ones of a round may be left out when the time is over. */
async function disturbJobs(place: JobPlace, seed: number, counts: Counts, until: number): Promise<void> {
  const runner = openRunner()
  const next = random(seed, 5)
  try {
    for (const job of place.jobs) {
      const known = await learn(place, job, runner)
      const trials = Math.ceil(known.calls.length / 8)
      for (let k = 0; k < trials && Date.now() < until; k++) {
        const at = Math.floor(next() * known.calls.length)
        const code = codes[Math.floor(next() * codes.length)]!
        const after = next() < 0.5 ? 0 : 5 * next()
        note(counts.failedWrites, `${job.name}, seed ${seed}, ${code}`, await failOnce(place, known, runner, at, code))
        note(counts.kills, `${job.name}, seed ${seed}, ${after} ms`, await killOnce(place, known, runner, at, after))
      }
    }
  } finally {
    runner.close()
  }

  function note(count: Record<string, number>, what: string, found: string[]): void {
    const [name] = what.split(',')
    count[name!] = (count[name!] ?? 0) + 1
    counts.faults.push(...found.map((fault) => `${what}: ${fault.slice(0, 500)}`))
  }
}

/** What the reader of reports is tried on. */
export async function writeReportExamples(dir: string): Promise<void> {
  const direction = { ranks: [1, 2, 1], gallery: 3 }
  const names = { model: 'student', dtype: 'fp32', corpus: 'x', protocol: 'test', language: 'de', task: '0' } as const
  await mkdir(join(dir, 'examples'))
  await writeFile(join(dir, 'examples', 'report.json'), JSON.stringify(exampleReport()))
  await writeFile(join(dir, 'examples', 'ranks.json'), formatRanks([{ ...names, textToImage: direction, imageToText: direction }]))
}
