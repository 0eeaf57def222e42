import { effectiveDefaults, flagOf, settingGroups } from '../base/setting.ts'
import type { AnyCommand } from './command.ts'
import { type Flag, flagsOf } from './flags.ts'
import { placeholder } from './value-type.ts'

/** Columns of a terminal that help is laid out for. */
const columns = 100

interface HelpOptions {
  all?: boolean
  width?: number
}

/** The text of `--help`: the usual flags in groups, with types and defaults; of `--help --all` every one. */
export function helpText(command: AnyCommand, description: string, { all = false, width = columns }: HelpOptions = {}): string {
  const defaults = effectiveDefaults(command.schema)
  const flags = flagsOf(command.schema).map((flag) => ({ ...flag, default: defaults.get(flag.name) }))
  const listed = flags.filter(({ usual, required }) => all || usual || required)
  const groups = [...settingGroups.map(String), undefined].flatMap((group) => {
    const members = listed.filter((flag) => flag.group === group)
    return members.length > 0 ? [{ title: group ?? 'Other', rows: members.map(rowOf) }] : []
  })
  const left = flags.length - listed.length
  const more: Row[] = [
    ['--config <file.json>', 'file with any of these settings; flags win'],
    ['--help', 'show this'],
    ...(left > 0 ? [['--help --all', `show the other ${left} flags, too`] satisfies Row] : []),
  ]
  const column = Math.min(34, Math.max(...[...groups.flatMap(({ rows }) => rows), ...more].map(([flag]) => flag.length)))
  const part = (title: string, rows: Row[]) => `${title}:\n${rows.map((row) => laidOut(row, column, width)).join('')}`
  const parts = [...groups.map(({ title, rows }) => part(title, rows)), part('More', more)]
  return `Usage: distilingual ${usage(command, flags)}\n\n${wrapped(description, width).join('\n')}\n\n${parts.join('\n')}${examples(command)}`
}

type Row = [flag: string, text: string]

function usage({ name }: AnyCommand, flags: Flag[]): string {
  const positional = flags.filter((flag) => flag.positional).map((flag) => flag.name.toUpperCase() + (flag.type.kind === 'list' ? '…' : ''))
  return [name, ...positional, '[flags]'].join(' ')
}

/** A switch can be set both ways; help shows the way that changes something. */
function rowOf({ name, type, description, required, positional, default: preset }: Flag): Row {
  if (type.kind === 'switch') {
    const flag = preset === true ? flagOf(name).replace('--', '--no-') : flagOf(name)
    return [flag, `${description} (default: ${preset === true ? 'on' : 'off'})`]
  }
  const note = required ? ' (required)' : preset === undefined || String(preset) === '' ? '' : ` (default: ${String(preset)})`
  return [positional ? `${name.toUpperCase()}${type.kind === 'list' ? '…' : ''}` : `${flagOf(name)} <${placeholder(type)}>`, description + note]
}

function laidOut([flag, text]: Row, column: number, width: number): string {
  const [first = '', ...rest] = wrapped(text, Math.max(30, width - column - 4))
  const indent = ' '.repeat(column + 4)
  const head = flag.length > column ? `  ${flag}\n${indent}${first}` : `  ${flag.padEnd(column)}  ${first}`
  return [head, ...rest.map((line) => indent + line)].map((line) => `${line}\n`).join('')
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!
    if (line === '') lines[lines.length - 1] = word
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}

function examples({ examples = [] }: AnyCommand): string {
  return examples.length === 0 ? '' : `\nExamples:\n${examples.map((example) => `  npx distilingual ${example}\n`).join('')}`
}
