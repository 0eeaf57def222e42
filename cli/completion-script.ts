import { flagOf } from '../base/setting.ts'
import type { CommandTable } from './command.ts'
import { flagsOf } from './flags.ts'
import type { ValueType } from './value-type.ts'

export const shells = ['bash', 'zsh', 'fish'] as const

/** A flag as a shell completes it. */
interface Word {
  flag: string
  text: string
  /** What may follow it; empty where anything may, undefined where nothing does. */
  values?: string[]
}
interface CommandWords {
  name: string
  text: string
  flags: Word[]
}

/** A script that completes the program's commands, flags and choices without calling the program: what is possible is written into it. */
export async function completionScript(shell: (typeof shells)[number], table: CommandTable): Promise<string> {
  const commands = await Promise.all(Object.values(table).map(async ({ description, load }) => ({ description, ...(await load()) })))
  const words = commands.map(({ name, description, schema }) => ({ name, text: description, flags: flagsOf(schema).flatMap(wordsOf) }))
  return { bash, zsh, fish }[shell](words)
}

function wordsOf({ name, type, description, default: preset }: ReturnType<typeof flagsOf>[number]): Word[] {
  const flag = flagOf(name)
  if (type.kind === 'switch') return [{ flag: preset === true ? flag.replace('--', '--no-') : flag, text: description }]
  return [{ flag, text: description, values: choicesOf(type) }]
}

function choicesOf(type: ValueType): string[] {
  return type.kind === 'choice' ? type.values : []
}

function bash(commands: CommandWords[]): string {
  return `# Completion of distilingual for bash; made by: distilingual completion bash
_distilingual() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} possible=
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    possible='${commands.map(({ name }) => name).join(' ')}'
  else
    case "$command $before" in
${choiceCases(commands, (values) => `possible='${values.join(' ')}'`)}
    esac
    if [[ -z $possible && $word == -* ]]; then
      case "$command" in
${commands.map(({ name, flags }) => `        ${name}) possible='${flags.map(({ flag }) => flag).join(' ')} --config --help' ;;`).join('\n')}
      esac
    fi
  fi
  if [[ -n $possible ]]; then mapfile -t COMPREPLY < <(compgen -W "$possible" -- "$word"); fi
}
complete -o default -F _distilingual distilingual
`
}

function zsh(commands: CommandWords[]): string {
  const described = (word: string, text: string) => quoted(`${word.replaceAll(':', '\\:')}:${text}`)
  return `#compdef distilingual
# Completion of distilingual for zsh; made by: distilingual completion zsh
_distilingual() {
  local -a possible
  if ((CURRENT == 2)); then
    possible=(${commands.map(({ name, text }) => described(name, text)).join(' ')})
    _describe command possible
    return
  fi
  case "$words[2] $words[CURRENT-1]" in
${choiceCases(commands, (values) => `compadd ${values.join(' ')}; return`)}
  esac
  if [[ $PREFIX != -* ]]; then _files; return; fi
  case "$words[2]" in
${commands.map(({ name, flags }) => `    ${name}) possible=(${flags.map(({ flag, text }) => described(flag, text)).join(' ')}) ;;`).join('\n')}
  esac
  _describe flag possible
}
compdef _distilingual distilingual
`
}

function fish(commands: CommandWords[]): string {
  const lines = commands.flatMap(({ name, text, flags }) => [
    `complete -c distilingual -n __fish_use_subcommand -f -a ${name} -d ${quoted(text)}`,
    ...flags.map(({ flag, text, values }) => {
      const value = values === undefined ? '' : values.length > 0 ? ` -x -a '${values.join(' ')}'` : ' -r'
      return `complete -c distilingual -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)}${value} -d ${quoted(text)}`
    }),
  ])
  return `# Completion of distilingual for fish; made by: distilingual completion fish\n${lines.join('\n')}\n`
}

/** The lines of a \`case\` for flags that have choices. */
function choiceCases(commands: CommandWords[], action: (values: string[]) => string): string {
  const cases = commands.flatMap(({ name, flags }) =>
    flags.flatMap(({ flag, values = [] }) => (values.length > 0 ? [`      "${name} ${flag}") ${action(values)} ;;`] : [])),
  )
  return cases.join('\n')
}

/** In single quotes; a quote inside becomes an apostrophe, which shells need not escape each in its own way. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", '’')}'`
}
