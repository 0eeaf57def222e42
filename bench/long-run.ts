import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '../base/errors.ts'
import { nodeArguments } from '../base/own-modules.ts'
import { measured, type Rows } from './record/rows.ts'
import { makePlace } from './soak/place.ts'

export const longRunFlags = { steps: 10_000, every: 1000 }

/**
 * What a training process holds while it goes on: a student of one layer on twelve pictures, validated and saved every 500 steps. Prints memory (VmRSS) and open files
 * at every so many steps, and how much the last differs from the first; returns the former. Reads /proc: Linux alone.
 */
export async function benchLongRun({ steps, every }: Record<string, string | number>): Promise<Rows> {
  if (!existsSync('/proc/self/fd'))
    throw new UserError({ where: 'long-run', expected: 'Linux, with /proc', got: process.platform, hint: 'Run it there.' })
  const dir = await mkdtemp(join(tmpdir(), 'distilingual-long-run-'))
  try {
    await makePlace(dir)
    const rows = await follow(dir, Number(steps), Number(every))
    console.log(['step', 'MB', 'open files'].join('\t'))
    for (const { step, megabytes, files } of rows) console.log([step, megabytes.toFixed(1), files].join('\t'))
    const [first, last] = [rows[0]!, rows.at(-1)!]
    const growth = (100 * (last.megabytes - first.megabytes)) / first.megabytes
    console.log(`from step ${first.step} to ${last.step}: memory ${growth.toFixed(1)} %, open files ${last.files - first.files}`)
    const results = rows.flatMap(({ step, megabytes, files }) => [
      [`memory at step ${step}`, measured('MB', megabytes)] as const,
      [`open files at step ${step}`, measured('files', files)] as const,
    ])
    return Object.fromEntries(results)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

interface Held {
  step: number
  megabytes: number
  files: number
}

async function follow(dir: string, steps: number, every: number): Promise<Held[]> {
  const at = (name: string) => join(dir, name)
  const data = ['--corpus', at('corpus.csv'), '--languages', 'de,fr', '--cache-dir', at('cache'), '--teacher', at('teacher')]
  const training = [
    '--init',
    at('teacher'),
    '--variants',
    '2',
    '--batch-size',
    '4',
    '--steps',
    `${steps + every}`,
    '--threads',
    '1',
    '--log-every',
    `${every}`,
  ]
  const main = new URL('../cli/main.ts', import.meta.url).pathname
  const args = [...nodeArguments(), main, 'stage1', ...data, ...training, '--out', at('run')]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = new Promise((done) => child.once('close', done))
  const rows: Held[] = []
  while (rows.length < Math.floor(steps / every) && child.exitCode === null) {
    await new Promise((done) => setTimeout(done, 50))
    const step = await lastStep(at(join('run', 'log.jsonl')))
    if (step > (rows.at(-1)?.step ?? 0)) rows.push({ step, ...(await heldBy(child.pid!)) })
  }
  child.kill('SIGKILL')
  await ended
  return rows
}

async function lastStep(file: string): Promise<number> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line.includes('"loss"'))
  return lines.length > 0 ? (JSON.parse(lines.at(-1)!) as { step: number }).step : 0
}

async function heldBy(pid: number): Promise<Omit<Held, 'step'>> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return { megabytes: Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024, files: (await readdir(`/proc/${pid}/fd`)).length }
}
