import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { random } from '../base/random.ts'
import { call, callsOf, disturbed, resultsOf, temporaries } from './soak/disturb.ts'
import { readMutations } from './soak/mutations.ts'
import { filesOf, makePlace, type Place, putBack } from './soak/place.ts'

export const soakFlags = { hours: 1, seed: 1, mutations: 2000 }

const codes = ['ENOSPC', 'EIO', 'EACCES', 'EROFS'] as const

/**
 * Disturbs commands for so many hours: every write of each fails once and is once the last before an end, then at random, changed files in between. Prints
 * what came of it; exit code 1 where anything did that may not. A round that is begun is finished.
 */
export async function benchSoak({ hours, seed, mutations }: Record<string, string | number>): Promise<void> {
  const until = Date.now() + Number(hours) * 3_600_000
  const dir = await mkdtemp(join(tmpdir(), 'distilingual-soak-'))
  const counts = { rounds: 0, failed: 0, ended: 0, changed: 0 }
  const faults: string[] = []
  try {
    const place = await makePlace(dir)
    do {
      const round = Number(seed) + counts.rounds++
      await disturbAll(place, round, counts, faults, until)
      const { faults: found, counts: formats } = await readMutations(place, { seed: 1e6 * round, count: Number(mutations) })
      counts.changed += Number(mutations)
      faults.push(...found.map(({ number, format, outcome, said }) => `${format} ${1e6 * round + number}: ${outcome} ${said.slice(0, 200)}`))
      console.log(JSON.stringify({ machine: `${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}`, ...counts, formats, faults }))
    } while (Date.now() < until)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
  if (faults.length > 0) process.exitCode = 1
}

async function disturbAll(place: Place, seed: number, counts: { failed: number; ended: number }, faults: string[], until: number): Promise<void> {
  const next = random(seed)
  for (const job of place.jobs) {
    await putBack(place, job.out, new Map())
    const { calls, ending } = await callsOf(job.args)
    if (ending.code !== 0) faults.push(`${job.name}: ${ending.said}`)
    const [written, results] = [await filesOf(place, job.out), JSON.stringify([...(await resultsOf(place, job))])]
    for (let at = 0; at < calls.length; at++) {
      if (Date.now() > until && at > 3) break
      const disturbance = next() < 0.5 ? ({ kind: 'fail', code: codes[at % codes.length]! } as const) : ({ kind: 'end' } as const)
      if (job.again.length > 0) await putBack(place, job.out, new Map())
      const ended = await disturbed(place, job.args, at, disturbance)
      counts[disturbance.kind === 'fail' ? 'failed' : 'ended']++
      const what = `${job.name}, call ${at} (${calls[at]!.name} ${calls[at]!.path}), ${JSON.stringify(disturbance)}`
      if (disturbance.kind === 'fail' && ended.path !== undefined && ![0, 2].includes(ended.code)) faults.push(`${what}: ${ended.said}`)
      const left = disturbance.kind === 'fail' ? await temporaries(place) : []
      if (left.length > 0) faults.push(`${what}: left ${left.join()}`)
      const after = await call([...job.args, ...job.again])
      if (after.code !== 0) faults.push(`${what}, again: ${after.said}`)
      else if (JSON.stringify([...(await resultsOf(place, job))]) !== results) faults.push(`${what}: other bytes`)
    }
    await putBack(place, job.out, written)
  }
}
