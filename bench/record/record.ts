import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { mkdir, writeFileAtomic } from '../../base/disk.ts'
import { provenance } from '../../report/provenance.ts'
import type { Flags } from '../subject.ts'
import { instructions } from './instructions.ts'
import type { Rows } from './rows.ts'

const origin = z.strictObject({
  schema: z.literal(1),
  bench: z.string().min(1),
  /** When it began. */
  date: z.iso.datetime(),
  /** Of this repository; null where there is none. `dirty`: files differed from it. */
  commit: z.string().nullable(),
  dirty: z.boolean().optional(),
  machine: z.strictObject({
    cpu: z.string(),
    cores: z.int(),
    /** Cores that the process was allowed to use. */
    usableCores: z.int(),
    memoryMB: z.int(),
    platform: z.string(),
    /** Absent where the system does not tell. */
    instructions: z.array(z.string()).optional(),
  }),
  versions: z.record(z.string(), z.string()),
  /** Every flag, defaults too. */
  flags: z.record(z.string(), z.union([z.string(), z.number()])),
})

/** A file of bench/results: what was measured, where, and with what. */
export const recordSchema = origin.extend({
  rows: z.record(z.string(), z.strictObject({ unit: z.string(), values: z.array(z.number()).min(1) })),
})

export type Origin = z.output<typeof origin>
export type BenchRecord = z.output<typeof recordSchema>

/** Where a measurement that begins now comes from: asked before it, since the repository may be another one after hours. */
export function originOf(bench: string, flags: Flags): Origin {
  const { machine, versions, commit, dirty } = provenance({ config: {}, seed: 0 })
  return {
    ...{ schema: 1, bench, date: new Date().toISOString(), commit, dirty },
    machine: { ...machine, usableCores: availableParallelism(), instructions: instructions() },
    ...{ versions, flags },
  }
}

/** Writes DIR/BENCH-DATE.json. What is not a finite number is left out, as JSON has none. @returns the file */
export async function writeRecord(dir: string, origin: Origin, rows: Rows): Promise<string> {
  const finite = Object.entries(rows).map(([name, { unit, values }]) => [name, { unit, values: values.filter(Number.isFinite) }] as const)
  const record: BenchRecord = { ...origin, rows: Object.fromEntries(finite.filter(([, { values }]) => values.length > 0)) }
  const file = join(dir, `${origin.bench}-${origin.date.replaceAll(/[:.]/g, '-')}.json`)
  await mkdir(dir)
  await writeFileAtomic(file, `${JSON.stringify(record, null, 2)}\n`)
  return file
}
