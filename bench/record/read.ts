import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { UserError } from '../../base/errors.ts'
import { parseJson } from '../../base/json.ts'
import { flagOf } from '../../base/setting.ts'
import { type BenchRecord, recordSchema } from './record.ts'

const hint = 'npm run bench -- NAME writes such files into bench/results/.'

/**
 * The records in a file, or in all .json files of a folder: repetitions of benches.
 * @throws UserError where there are none, for a file that is no record, and for a folder in which a bench ran with this and with that
 */
export async function readRecords(path: string): Promise<BenchRecord[]> {
  const found = await stat(path).catch(() => undefined)
  const refused = (got: string) => new UserError({ where: path, expected: 'a file of bench/results, or a folder of such', got, hint })
  if (!found) throw refused('nothing there')
  if (!found.isDirectory()) return [await readRecord(path)]
  const names = (await readdir(path)).filter((name) => name.endsWith('.json')).sort()
  if (names.length === 0) throw refused('a folder without .json')
  const records = await Promise.all(names.map((name) => readRecord(join(path, name))))
  for (const { bench, flags } of records) {
    const other = records.find((record) => record.bench === bench && !isDeepStrictEqual(record.flags, flags))
    if (other) throw mixed(path, bench, flags, other.flags)
  }
  return records
}

function mixed(path: string, bench: string, flags: BenchRecord['flags'], others: BenchRecord['flags']): UserError {
  const name = Object.keys({ ...flags, ...others }).find((name) => flags[name] !== others[name])!
  return new UserError({
    where: path,
    expected: `results of ${bench} with the same flags`,
    got: `${flagOf(name)} ${flags[name] ?? '(none)'} and ${others[name] ?? '(none)'}`,
    hint: 'Name two files, or put each into a folder of its own.',
  })
}

async function readRecord(file: string): Promise<BenchRecord> {
  const parsed = recordSchema.safeParse(parseJson(await readFile(file, 'utf8'), file, hint))
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw new UserError({ where: file, expected: 'what a bench measured', got: `${path.join('.') || 'the whole'}: ${message}`, hint })
}
