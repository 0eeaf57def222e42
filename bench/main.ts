/** `npm run bench -- NAME [flags]`: seeded measurements that print a table and leave it as data in bench/results/; `-- compare A B` compares two of these. */
import { join, relative } from 'node:path'
import { z } from 'zod'
import { UserError } from '../base/errors.ts'
import { packageRoot } from '../base/package-root.ts'
import { flagOf } from '../base/setting.ts'
import { type Bench, benches } from './benches.ts'
import { flagsOf } from './flags.ts'
import { compareRecords } from './record/compare.ts'
import { originOf, writeRecord } from './record/record.ts'

const comparing = 'npm run bench -- compare A B: medians and ratios of two files of bench/results/, or of two folders of such'

const [name, ...rest] = process.argv.slice(2)
try {
  if (!name || name === '--help') console.log(help(benches))
  else if (name === 'compare') console.log(rest.includes('--help') ? comparing : await compareRecords(rest))
  else if (rest.includes('--help')) console.log(help({ [name]: known(name) }))
  else await measure(name, rest)
} catch (error) {
  const refusal = error instanceof z.ZodError ? unfit(error) : error
  if (!(refusal instanceof UserError)) throw refusal
  console.error(refusal.message)
  process.exitCode = refusal.exitCode
}

async function measure(name: string, args: string[]): Promise<void> {
  const bench = known(name)
  const flags = flagsOf(bench.flags, args)
  const origin = originOf(name, flags)
  const rows = await bench.run(flags)
  if (rows) console.error(`As data in ${relative('.', await writeRecord(join(packageRoot(), 'bench', 'results'), origin, rows))}`)
}

/** Settings of stage 1 that its schema refuses. */
function unfit({ issues }: z.ZodError): UserError {
  const { path, message } = issues[0]!
  return new UserError({
    where: flagOf(path.join('.')),
    expected: 'a setting that stage 1 takes',
    got: message,
    hint: 'See npm run stage1 -- --help.',
  })
}

function help(benches: Record<string, Bench>): string {
  const flags = (bench: Bench) => Object.entries(bench.flags).map(([flag, value]) => `      ${flagOf(flag)} ${value === '' ? '…' : value}`)
  const lines = Object.entries(benches).flatMap(([name, bench]) => [`  ${name}: ${bench.summary}`, ...flags(bench)])
  return `npm run bench -- NAME [flags]\n\n${lines.join('\n')}\n\nthreads 0 means all cores.\n\n${comparing}`
}

function known(name: string): Bench {
  const bench = Object.hasOwn(benches, name) ? benches[name] : undefined
  if (bench) return bench
  throw new UserError({
    where: `bench ${name}`,
    expected: `one of ${Object.keys(benches).join(', ')}`,
    got: name,
    hint: 'npm run bench -- --help lists them.',
  })
}
