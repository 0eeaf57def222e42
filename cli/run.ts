import { UserError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import type { CommandTable } from './command.ts'
import { commands } from './commands.ts'
import { overview } from './overview.ts'

type Streams = Record<'stdout' | 'stderr', { write(text: string): void }>

/**
 * Runs the command that `args` name and returns the process's exit code: 0, a UserError's own (2 for a user's mistake, 3 for a missed
 * recall gate, 130 after Ctrl-C), or 1 for a fault in this program.
 */
export async function run(args: string[], table: CommandTable = commands, { stdout, stderr }: Streams = process): Promise<number> {
  const [name, ...rest] = args
  try {
    if (name === undefined || name === 'help' || isHelp(name)) {
      const stream = name === undefined ? stderr : stdout
      stream.write(overview(table))
      return name === undefined ? 2 : 0
    }
    const entry = Object.hasOwn(table, name) ? table[name] : undefined
    if (!entry) throw unknownCommand(name, table)
    const command = await entry.load()
    if (rest.some(isHelp)) {
      const { helpText } = await import('./help.ts')
      stdout.write(helpText(command, entry.description, { all: rest.includes('--all') }))
    } else {
      const { resolveConfig } = await import('./resolve.ts')
      const config = resolveConfig(command, rest)
      await (await import('../run/prepare.ts')).prepare(command.schema, config)
      await command.run(config, table)
    }
    return 0
  } catch (thrown) {
    const error = asMistake(thrown)
    const mistake = error instanceof UserError
    stderr.write(`${mistake ? error.message : error instanceof Error ? error.stack : error}\n`)
    return mistake ? error.exitCode : 1
  }
}

/** What to do about a path that the system refuses. */
const fileHints: Record<string, string> = {
  EACCES: 'Check its permissions, or name another.',
  EPERM: 'Check its permissions, or name another.',
  EROFS: 'It lies on a disk that cannot be written: name another.',
  ENOTDIR: 'Part of the path is a file: name another.',
  EEXIST: 'Something of that name is there already: name another.',
  EISDIR: 'This is a folder: name a file.',
  ENOENT: 'It is not there, or a folder above it is not: check the path.',
  ENOSPC: 'Free some space and run the same command again.',
  EDQUOT: 'Your quota is used up: free some space and run the same command again.',
  EFBIG: 'Files may not grow that large here: raise the limit (ulimit -f) or name another disk.',
  EIO: 'The disk fails: check it, or name another.',
  EBUSY: 'Something else uses it: wait until that is done, or name another.',
  ETXTBSY: 'Something else uses it: wait until that is done, or name another.',
  EMFILE: 'Too many files are open: raise the limit (ulimit -n).',
  ENFILE: 'Too many files are open on this machine: close some programs.',
  ENAMETOOLONG: 'Name a shorter path.',
  ELOOP: 'Its links lead in a circle: name another.',
  EXDEV: 'Its parts lie on two disks: name another.',
}
/** Met in files that are open, whose errors may name no path. */
const withoutPath = ['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO', 'EMFILE', 'ENFILE']

/** A path that cannot be used is the user's to mend, wherever it was met. */
function asMistake(error: unknown): unknown {
  const { code = '', path, message } = error as NodeJS.ErrnoException
  const hint = fileHints[code]
  if (!hint || (path === undefined && !withoutPath.includes(code))) return error
  return new UserError({ where: path ?? 'disk', expected: 'a path that can be used', got: message, hint })
}

function isHelp(argument: string): boolean {
  return argument === '--help' || argument === '-h'
}

function unknownCommand(name: string, table: CommandTable): UserError {
  const names = Object.keys(table)
  return new UserError({
    where: 'distilingual',
    expected: `a command (${names.join(', ')})`,
    got: name,
    hint: `Did you mean ${nearest(name, names)}?`,
  })
}
