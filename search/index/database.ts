/** The one door to libsql, the embedded database that holds search indexes. */
import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type libsql from 'libsql'
import { mkdir, rename, rm } from '../../base/disk.ts'
import { UserError } from '../../base/errors.ts'

/** Bytes go in as Buffer and come out as ArrayBuffer. */
type Value = string | number | Buffer | ArrayBuffer | null
export type Row = Record<string, Value>

/** SQL on one file. Every method throws UserError where the file, the disk or another process is at fault. */
export interface Database {
  file: string
  run(sql: string, values?: Value[]): void
  all(sql: string, values?: Value[]): Row[]
  /** Rows one by one: a table may be larger than memory. */
  each(sql: string, values?: Value[]): Iterable<Row>
  /** All of `body` takes place, or, when it throws or the process dies, nothing of it. */
  transaction<T>(body: () => T): T
  close(): void
}

/** Statements that make the tables: one list a version, each goes on from the one before. */
export type Schema = readonly (readonly string[])[]

/** Marks the file as an index of this program: "dist" in ASCII. */
const applicationId = 0x64697374
/** Where SQLite's header has it, bytes from the start. */
const idOffset = 68
/** How many steps the schema has. */
const version = 2
/** How long another process may hold the file, ms. */
const patience = 5000

/**
 * Opens an index file.
 * @param schema makes the tables of a new file and those that an older one lacks; without it, the file must be there and of this version
 * @throws UserError for a file that is missing, damaged, of another kind or of another version
 */
export async function openDatabase(file: string, schema?: Schema): Promise<Database> {
  if (!schema && !existsSync(file)) {
    const hint = 'Make it first: npx distilingual index --help.'
    throw new UserError({ where: file, expected: 'a search index', got: 'no such file', hint })
  }
  const Libsql = await load()
  await mkdir(dirname(file)).catch((error: Error) => refuse(file, error))
  const connection = guarded(file, () => new Libsql(file))
  const db = wrap(file, connection)
  try {
    db.run(`PRAGMA busy_timeout = ${patience}`)
    // A file that a killed process left without tables is as good as none.
    const written = isEmpty(db) ? 0 : versionOf(db)
    if (schema && written < version) {
      db.transaction(() => {
        for (const statement of [`PRAGMA application_id = ${applicationId}`, ...schema.slice(written).flat()]) db.run(statement)
        db.run(`PRAGMA user_version = ${version}`)
      })
    }
    requireVersion(db)
    return db
  } catch (error) {
    connection.close()
    throw error
  }
}

/** @throws UserError for a file of another kind, and for a folder; nothing where there is none */
export async function requireIndexFile(file: string): Promise<void> {
  if (!existsSync(file)) return
  const head = await readHead(file).catch((error: Error) => refuse(file, error))
  const isOurs = head.length === 0 || (head.toString('latin1', 0, 15) === 'SQLite format 3' && head.readUInt32BE(idOffset) === applicationId)
  if (!isOurs) {
    throw new UserError({ where: file, expected: 'a search index', got: 'a file of another kind', hint: 'Name another file, or delete it yourself.' })
  }
}

const companions = ['-journal', '-wal', '-shm']

/** Deletes an index with all that belongs to it; nothing where there is none. */
export async function removeDatabase(file: string): Promise<void> {
  for (const end of ['', ...companions]) await rm(file + end)
}

/** Has an index that was made under another name take the place of `file`. What belongs to the old one must not be taken for the new one's. */
export async function replaceDatabase(made: string, file: string): Promise<void> {
  for (const end of companions) await rm(file + end)
  await rename(made, file)
}

/** The file's header, empty for an empty file. */
async function readHead(file: string): Promise<Buffer> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(idOffset + 4), 0, idOffset + 4, 0)
    return bytesRead === 0 ? Buffer.alloc(0) : buffer
  } finally {
    await handle.close()
  }
}

async function load(): Promise<typeof libsql> {
  try {
    return (await import('libsql')).default
  } catch (error) {
    throw new UserError({
      where: 'search index',
      expected: 'the database libsql',
      got: (error as Error).message.split('\n')[0]!,
      hint: 'Install it with its files for this system: npm install libsql --include=optional. search --images needs no index.',
    })
  }
}

function wrap(file: string, connection: libsql.Database): Database {
  // libsql takes values as one array; any other way ends the process.
  const prepared = new Map<string, libsql.Statement>()
  const run = (sql: string, values: Value[] = []) =>
    guarded(file, () => {
      // A statement holds the bytes that it was given until it is collected, which sees little of them: one for all rows, not one each.
      const statement = prepared.get(sql) ?? connection.prepare(sql)
      prepared.set(sql, statement)
      statement.run(values)
    })
  const all = (sql: string, values: Value[] = []) => guarded(file, () => connection.prepare(sql).all(values)) as Row[]
  return {
    file,
    run,
    all,
    *each(sql, values = []) {
      const rows = guarded(file, () => connection.prepare(sql).iterate(values)) as Iterator<Row>
      for (;;) {
        const { done, value } = guarded(file, () => rows.next())
        if (done) return
        yield value
      }
    },
    transaction(body) {
      run('BEGIN IMMEDIATE')
      try {
        const result = body()
        run('COMMIT')
        return result
      } catch (error) {
        if (connection.inTransaction) run('ROLLBACK')
        throw error
      }
    },
    close: () => void connection.close(),
  }
}

/**
 * Text that was read as bytes.
 * @throws UserError for bytes that are not UTF-8: the file is damaged
 */
export function textOf({ file }: Database, value: Value | undefined): string {
  if (!(value instanceof ArrayBuffer)) throw damagedText(file, `a value of type ${value === null ? 'NULL' : typeof value}`)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value)
  } catch {
    throw damagedText(file, `${value.byteLength} bytes that are not UTF-8`)
  }
}

function damagedText(where: string, got: string): UserError {
  return new UserError({ where, expected: 'an intact search index', got, hint: 'Delete the file and run index again.' })
}

/** @throws UserError for a file of another program */
function versionOf(db: Database): number {
  const number = (name: string) => Number(Object.values(db.all(`PRAGMA ${name}`)[0] ?? {})[0])
  const id = number('application_id')
  if (id === applicationId) return number('user_version')
  const got = id === 0 && isEmpty(db) ? 'an empty file' : 'a database of another program'
  throw new UserError({
    where: db.file,
    expected: 'a search index',
    got,
    hint: 'Name another file, or make an index: npx distilingual index --help.',
  })
}

function requireVersion(db: Database): void {
  const written = versionOf(db)
  if (written === version) return
  const hint =
    written < version
      ? 'Run index again with it as --out: embeddings stay. See docs/migration.md.'
      : 'A later version of this program made it: use that one, or make it anew with index --force.'
  throw new UserError({ where: db.file, expected: `a search index of version ${version}`, got: `version ${written}`, hint })
}

/** Names of tables are not read: in a damaged file they may not be text. */
function isEmpty(db: Database): boolean {
  return Number(db.all('SELECT count(*) AS tables FROM sqlite_master')[0]!.tables) === 0
}

function guarded<T>(file: string, body: () => T): T {
  try {
    return body()
  } catch (error) {
    return refuse(file, error)
  }
}

const mistakes: Record<string, [expected: string, hint: string]> = {
  SQLITE_NOTADB: ['a search index', 'Name another file, or delete this one and run index again.'],
  SQLITE_CORRUPT: ['an intact search index', 'Delete the file and run index again.'],
  SQLITE_BUSY: ['to be alone with the index', 'Another process is writing to it: wait until that is done.'],
  SQLITE_LOCKED: ['to be alone with the index', 'Another process is writing to it: wait until that is done.'],
  SQLITE_READONLY: ['a file that can be written', 'Check its permissions, or name another file with --out.'],
  SQLITE_CANTOPEN: ['a file that can be opened', 'Check the path and its permissions.'],
  SQLITE_FULL: ['room on the disk', 'Free some space and run the same command again: it goes on.'],
  SQLITE_IOERR: ['a disk that can be read and written', 'Check the disk and run the same command again.'],
  EACCES: ['a folder that can be written', 'Check its permissions, or name another file with --out.'],
  EISDIR: ['a search index', 'This is a folder: name a file in it.'],
  EEXIST: ['a file in a folder', 'Part of the path is a file: name another one.'],
  ENOTDIR: ['a file in a folder', 'Part of the path is a file: name another one.'],
}

function refuse(file: string, error: unknown): never {
  const { code = '', message } = error as Error & { code?: string }
  const known = message.includes('ConnectionFailed') // without a code, for folders and files that may not be read
    ? 'SQLITE_CANTOPEN'
    : Object.keys(mistakes).find((name) => code === name || code.startsWith(`${name}_`))
  if (!known) throw error
  const [expected, hint] = mistakes[known]!
  throw new UserError({ where: file, expected, got: message, hint })
}
