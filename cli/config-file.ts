import { readFileSync } from 'node:fs'
import { UserError } from '../base/errors.ts'
import { didYouMean } from '../base/nearest.ts'
import type { Flag } from './flags.ts'

/**
 * Reads `--config FILE`: a JSON object with any of the command's settings, nested as the schema nests. The config.json of a run folder
 * is one, too; its key `command` says whose settings they are. Whether a run is resumed or started over is not read from such a file.
 * @returns flag name → value; the values are not checked yet
 * @throws UserError for a file that is missing or no JSON object, and for a key that is no setting, naming the nearest one
 */
export function readConfigFile(file: string, flags: Flag[], command: string): Map<string, unknown> {
  const values = new Map<string, unknown>()
  const { command: writtenBy, ...settings } = readObject(file)
  const names = flags.map((flag) => flag.name)
  const written = new Map(flags.flatMap(({ name, aliases = [] }) => [name, ...aliases].map((key) => [key, name])))
  const walk = (object: Record<string, unknown>, prefix: string): void => {
    for (const [key, value] of Object.entries(object)) {
      const name = prefix + key
      const setting = written.get(name)
      if (setting !== undefined) values.set(setting, value)
      else if (isObject(value) && names.some((other) => other.startsWith(`${name}.`))) walk(value, `${name}.`)
      else throw unknownKey(file, name, names, writtenBy !== undefined)
    }
  }
  if (writtenBy !== undefined && writtenBy !== command) throw otherCommand(file, writtenBy, command)
  walk(settings, '')
  if (writtenBy) for (const { name, transient } of flags) if (transient) values.delete(name) // older runs recorded them
  return values
}

function readObject(file: string): Record<string, unknown> {
  const broken = (got: string) =>
    new UserError({
      where: `--config ${file}`,
      expected: 'a JSON file with an object of settings',
      got,
      hint: 'Settings are named like the flags: {"steps": 100}.',
    })
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw broken((error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : (error as Error).message)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw broken((error as Error).message)
  }
  if (!isObject(value)) throw broken(Array.isArray(value) ? 'an array' : JSON.stringify(value))
  return value
}

function unknownKey(file: string, name: string, names: string[], isRun: boolean): UserError {
  return new UserError({
    where: `${file}: ${name}`,
    expected: 'a setting of this command',
    got: 'an unknown key',
    hint: `${didYouMean(name, names)}${isRun ? 'docs/migration.md has what older runs recorded.' : 'See --help --all.'}`,
  })
}

function otherCommand(file: string, got: unknown, command: string): UserError {
  return new UserError({ where: `${file}: command`, expected: command, got: String(got), hint: `These are the settings of another command.` })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
