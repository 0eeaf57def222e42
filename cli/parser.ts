import { CommanderError, Option, Command as Parser } from 'commander'
import { UserError } from '../base/errors.ts'
import { didYouMean } from '../base/nearest.ts'
import { flagOf } from '../base/setting.ts'
import type { AnyCommand } from './command.ts'
import type { Flag } from './flags.ts'
import { parseValue, placeholder, type ValueType } from './value-type.ts'

export interface Given {
  /** Flag name → value, as far as flags and positional arguments were given. */
  values: Map<string, unknown>
  /** `--config FILE`. */
  config?: string
}

/** @throws UserError for an unknown flag (the nearest is named), a flag without its value, and a stray argument */
export function parseArguments(command: AnyCommand, flags: Flag[], args: string[]): Given {
  const parser = parserOf(command, flags)
  const { operands, unknown } = parseOptions(parser, args.map(spelling(flags)))
  if (unknown[0]) throw unknownFlag(command, unknown[0], flags)
  const { config, ...values } = parser.opts<Record<string, unknown> & { config?: string }>()
  const given = new Map(Object.entries(values).filter(([, value]) => value !== undefined))
  for (const [name, value] of placed(command, flags, operands, given)) given.set(name, value)
  return { values: given, config }
}

/** Turns `--batchSize` and names of old into the one spelling that the parser knows; values stay as they are. */
function spelling(flags: Flag[]): (argument: string) => string {
  const known = new Map(flags.flatMap(({ name, aliases = [] }) => [name, ...aliases].map((written) => [written, name] as const)))
  const kebabs = new Map([...known].map(([written, name]) => [flagOf(written), name]))
  return (argument) => {
    const [, no = '', written = '', rest = ''] = /^--(no-)?([^=]+)(=[\s\S]*)?$/.exec(argument) ?? []
    const name = known.get(written) ?? kebabs.get(`--${written}`)
    return name === undefined ? argument : `--${no}${flagOf(name).slice(2)}${rest}`
  }
}

/** The positional settings that were not given as flags take the operands in turn; a list, which stands last, takes all that are left. */
function placed(command: AnyCommand, flags: Flag[], operands: string[], given: Map<string, unknown>): [string, unknown][] {
  const positional = flags.filter((flag) => flag.positional)
  const free = positional.filter(({ name }) => !given.has(name))
  const rest = free.at(-1)?.type.kind === 'list' ? free.length - 1 : undefined
  if (rest !== undefined && operands.length > rest)
    return [...operands.slice(0, rest).map((operand, i): [string, unknown] => [free[i]!.name, operand]), [free[rest]!.name, operands.slice(rest)]]
  if (operands.length <= free.length) return operands.map((operand, i) => [free[i]!.name, operand])
  const list = positional.find(({ type }) => type.kind === 'list')
  const names = positional.map(({ name }) => name).join(' and ')
  throw new UserError({
    where: `distilingual ${command.name}`,
    expected: list ? `${list.name} once` : positional.length === 0 ? 'flags only' : positional.length === 1 ? `one ${names}` : names,
    got: JSON.stringify(operands.join(' ')),
    hint: list
      ? `Name them without ${flagOf(list.name)}, or with it alone.`
      : positional.length > 0
        ? 'Put each in quotes.'
        : 'Values need a flag in front of them; see --help.',
  })
}

function parseOptions(parser: Parser, args: string[]): { operands: string[]; unknown: string[] } {
  try {
    return parser.parseOptions(args)
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    const flag = /'(--\S+)/.exec(error.message)?.[1] ?? parser.name()
    throw new UserError({ where: flag, expected: 'a value after it', got: 'nothing', hint: `See ${parser.name()} --help.` })
  }
}

function parserOf(command: AnyCommand, flags: Flag[]): Parser {
  const parser = new Parser(`distilingual ${command.name}`).configureOutput({ writeErr: () => {} }).exitOverride()
  for (const flag of flags) for (const option of optionsOf(flag)) parser.addOption(option)
  return parser.addOption(new Option('--config <file.json>'))
}

/** A switch can be set both ways. */
function optionsOf({ name, type }: Flag): Option[] {
  const flag = flagOf(name)
  const options =
    type.kind === 'switch' ? [new Option(flag), new Option(flag.replace('--', '--no-'))] : [new Option(`${flag} <${placeholder(type)}>`)]
  for (const option of options) {
    option.attributeName = () => name
    if (type.kind !== 'switch') option.argParser(reader(type))
  }
  return options
}

/** A list may be given in several flags; of anything else the last one counts. */
function reader(type: ValueType): (text: string, before: unknown) => unknown {
  if (type.kind !== 'list') return (text) => parseValue(type, text)
  return (text, before) => [...((before as unknown[] | undefined) ?? []), ...(parseValue(type, text) as unknown[])]
}

function unknownFlag(command: AnyCommand, written: string, flags: Flag[]): UserError {
  const flag = written.split('=')[0]!
  if (flags.some(({ name }) => flagOf(name) === flag)) {
    return new UserError({
      where: flag,
      expected: 'no value',
      got: JSON.stringify(written),
      hint: `Write ${flag} or ${flag.replace('--', '--no-')}.`,
    })
  }
  return new UserError({
    where: `distilingual ${command.name}`,
    expected: 'one of its flags',
    got: flag,
    hint: `${didYouMean(flag, [...flags.map(({ name }) => name), 'config', 'help'].map(flagOf))}See --help.`,
  })
}
