import type { CommandTable } from './command.ts'

/** What there is, a line per command. */
export function overview(table: CommandTable): string {
  const width = Math.max(...Object.keys(table).map((name) => name.length))
  const lines = Object.entries(table).map(([name, { description }]) => `  ${name.padEnd(width)}  ${description}`)
  return `Usage: distilingual <command> [flags]\n\nCommands:\n${lines.join('\n')}\n\nEvery command explains its flags with --help.\n`
}
