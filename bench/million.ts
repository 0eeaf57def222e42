import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { markdownTable } from 'markdown-table'
import { mkdir, rm } from '../base/disk.ts'
import { UserError } from '../base/errors.ts'
import { generatedCorpus, generatedTeacher } from './million/generate.ts'
import { type Measured, measuredCommand } from './million/measured-command.ts'
import { measured, type Rows } from './record/rows.ts'
import type { Flags } from './subject.ts'

export const millionFlags = { rows: 20_000, dir: '.cache/million', steps: 50 }

const measuredPictures = 10_000

/** Features, 50 steps of stage 1 and evaluation of at most 10,000 on generated pictures: time, memory, disk; prints a table and returns it. */
export async function benchMillion(flags: Flags): Promise<Rows> {
  const { rows, dir, steps } = flags as typeof millionFlags
  if (!Number.isInteger(rows) || rows < 1000) {
    throw new UserError({ where: '--rows', expected: 'a whole number from 1000', got: `${rows}`, hint: 'Usual is 20000; the goal is 1000000.' })
  }
  const commands = await measureRows({ rows, dir, steps })
  const lines = Object.entries(commands).map(([name, { seconds, megabytes, besideMegabytes, disk }]) => [
    name,
    seconds.toFixed(0),
    megabytes.toFixed(0),
    besideMegabytes.toFixed(0),
    (disk / 1e6).toFixed(0),
  ])
  console.log(`${rows} pictures of 64 px, one version each, four captions; a teacher of random weights\n`)
  console.log(markdownTable([['command', 'seconds', 'MB at its peak', 'of decoders beside it', 'MB on disk since the beginning'], ...lines]))
  const results = Object.entries(commands).flatMap(([name, { seconds, megabytes, besideMegabytes, disk }]) => [
    [name, measured('s', seconds)] as const,
    [`${name}, peak`, measured('MB', megabytes)] as const,
    [`${name}, peak of decoders beside it`, measured('MB', besideMegabytes)] as const,
    [`${name}, disk`, measured('MB', disk / 1e6)] as const,
  ])
  return Object.fromEntries(results)
}

/** Runs the commands one after the other on generated data; what they leave is deleted, the data is kept. */
export async function measureRows({ rows, dir, steps }: typeof millionFlags): Promise<Record<string, Measured & { disk: number }>> {
  await mkdir(dir)
  const corpus = await generatedCorpus(dir, rows, Math.min(measuredPictures, Math.ceil(rows / 10)))
  const teacher = await generatedTeacher(dir)
  const [cacheDir, run] = [join(dir, 'cache'), join(dir, 'run')]
  const data = ['--corpus', corpus, '--languages', 'en,de', '--cache-dir', cacheDir]
  const student = ['--student', '32x1-32x1', '--image-size', '64', '--patch-size', '16', '--vocab-size', '400', '--batch-size', '128']
  const commands = {
    features: ['features', ...data, '--teacher', teacher, '--variants', '1'],
    'stage 1': ['stage1', ...data, '--teacher', teacher, '--variants', '1', ...student, '--steps', `${steps}`, '--warmup', '5', '--out', run],
    evaluate: ['evaluate', run, ...data, '--out', run],
  }
  const found: Record<string, Measured & { disk: number }> = {}
  try {
    for (const [name, args] of Object.entries(commands)) found[name] = { ...(await measuredCommand(args)), disk: await bytesIn(cacheDir) }
    return found
  } finally {
    for (const folder of [cacheDir, run]) await rm(folder)
  }
}

async function bytesIn(dir: string): Promise<number> {
  const names = await readdir(dir, { recursive: true })
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(dir, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}
