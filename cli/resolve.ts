import { UserError } from '../base/errors.ts'
import { flagOf, nested, withPresets } from '../base/setting.ts'
import type { AnyCommand } from './command.ts'
import { readConfigFile } from './config-file.ts'
import { type Flag, flagsOf } from './flags.ts'
import { parseArguments } from './parser.ts'
import { typeText } from './value-type.ts'

/**
 * From a command's arguments to its configuration: defaults, then the config file, then flags.
 * @throws UserError for anything unknown, missing or malformed, naming the flag or the file's key
 */
export function resolveConfig(command: AnyCommand, args: string[]): object {
  const flags = flagsOf(command.schema)
  const { values, config } = parseArguments(command, flags, args)
  const fromFile = config === undefined ? new Map<string, unknown>() : readConfigFile(config, flags, command.name)
  const merged = new Map([...fromFile, ...values])
  const parsed = command.schema.safeParse(withPresets(command.schema, nested(merged)))
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  const at = issue.path.join('.')
  const flag = flags.find(({ name }) => at === name || at.startsWith(`${name}.`))
  const name = flag?.name ?? at
  const inFile = !values.has(name) && fromFile.has(name)
  throw new UserError({
    where: inFile ? `${config}: ${name}` : name ? flagOf(name) : command.name,
    expected: flag && issue.code !== 'custom' ? expected(flag) : issue.message,
    got: merged.has(name) ? JSON.stringify(merged.get(name)) : 'nothing',
    hint: `See distilingual ${command.name} --help.`,
  })
}

function expected({ type, description }: Flag): string {
  return type.kind === 'text' ? `text (${description})` : typeText(type)
}
