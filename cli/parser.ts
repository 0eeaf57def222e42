import { CommanderError, Option, Command as Parser } from 'commander'
import { UserError } from '../base/errors.ts'
import type { AnyCommand } from './command.ts'
import { type Flag, meant } from './flags.ts'
import { parseValue, placeholder, type ValueType } from './value-type.ts'

export interface Given {
  /** Flag name → value, as far as flags and the positional argument were given. */
  values: Map<string, unknown>
  /** `--config FILE`. */
  config?: string
}

/** The text of `--help`: every flag with its type and default. */
export function helpText(command: AnyCommand, flags: Flag[]): string {
  return parserOf(command, flags).helpInformation() + examples(command)
}

/** @throws UserError for an unknown flag (the nearest is named), a flag without its value, and a stray argument */
export function parseArguments(command: AnyCommand, flags: Flag[], args: string[]): Given {
  const parser = parserOf(command, flags)
  const { operands, unknown } = parseOptions(parser, args)
  if (unknown[0]) throw unknownFlag(command, unknown[0], flags)
  const { config, ...values } = parser.opts<Record<string, unknown> & { config?: string }>()
  const given = new Map(Object.entries(values).filter(([, value]) => value !== undefined))
  const { positional } = command
  const takesAll = isList(positional, flags)
  const [first, ...others] = operands
  if (first !== undefined && (!positional || (others.length > 0 && !takesAll) || given.has(positional))) {
    const expected = positional ? `${takesAll ? '' : 'one '}${positional}${takesAll ? ' once' : ''}` : 'flags only'
    throw new UserError({
      where: `distilingual ${command.name}`,
      expected,
      got: JSON.stringify(operands.join(' ')),
      hint: takesAll
        ? `Name them without --${positional}, or with it alone.`
        : positional
          ? 'Put it in quotes.'
          : 'Values need a flag in front of them; see --help.',
    })
  }
  if (first !== undefined) given.set(positional!, takesAll ? operands : first)
  return { values: given, config }
}

/** Whether the positional key is a list, which takes every argument that is no flag. */
function isList(positional: string | undefined, flags: Flag[]): boolean {
  return flags.find(({ name }) => name === positional)?.type.kind === 'list'
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
  const parser = new Parser(`distilingual ${command.name}`)
    .description(command.description)
    .usage(usage(command, flags))
    .configureOutput({ writeErr: () => {} })
    .configureHelp({ styleTitle: (title) => title.replace('Options:', 'Flags:') })
    .helpOption('-h, --help', 'show this')
    .exitOverride()
  for (const flag of flags) for (const option of optionsOf(flag)) parser.addOption(option)
  return parser.addOption(new Option('--config <file.json>', 'file with any of these settings; flags win'))
}

function usage({ positional }: AnyCommand, flags: Flag[]): string {
  if (!positional) return '[flags]'
  return isList(positional, flags) ? `[flags] ${positional}…` : `[flags] "${positional}"`
}

/** A switch can be set both ways; help shows the way that changes something. */
function optionsOf({ name, type, description, required, default: preset }: Flag): Option[] {
  if (type.kind === 'switch') {
    const text = `${description} (default: ${preset === true ? 'on' : 'off'})`
    return [new Option(`--${name}`, text).hideHelp(preset === true), new Option(`--no-${name}`, text).hideHelp(preset !== true)]
  }
  const note = required ? ' (required)' : preset === undefined || String(preset) === '' ? '' : ` (default: ${String(preset)})`
  return [new Option(`--${name} <${placeholder(type)}>`, description + note).argParser(reader(type))]
}

/** A list may be given in several flags; of anything else the last one counts. */
function reader(type: ValueType): (text: string, before: unknown) => unknown {
  if (type.kind !== 'list') return (text) => parseValue(type, text)
  return (text, before) => [...((before as unknown[] | undefined) ?? []), ...(parseValue(type, text) as unknown[])]
}

function unknownFlag(command: AnyCommand, written: string, flags: Flag[]): UserError {
  const name = written.split('=')[0]!
  const names = [...flags.map((flag) => `--${flag.name}`), '--config', '--help']
  if (names.includes(name)) {
    return new UserError({
      where: name,
      expected: 'no value',
      got: JSON.stringify(written),
      hint: `Write ${name} or ${name.replace('--', '--no-')}.`,
    })
  }
  return new UserError({
    where: `distilingual ${command.name}`,
    expected: 'one of its flags',
    got: name,
    hint: `Did you mean ${meant(name, names)}? See --help.`,
  })
}

function examples({ examples = [] }: AnyCommand): string {
  return examples.length === 0 ? '' : `\nExamples:\n${examples.map((example) => `  npx distilingual ${example}\n`).join('')}`
}
