import type { z } from 'zod'

/** One command of the tool, exported from its file in cli/ and listed in cli/commands.ts. */
export interface Command<S extends z.ZodObject> extends AnyCommand {
  schema: S
  run(config: z.output<S>, table: CommandTable): Promise<void>
}

/** What the framework knows of a command. */
export interface AnyCommand {
  name: string
  /**
   * Every key is a flag, with `.meta()` as base/setting.ts has it, and with `.default()` or `.optional()` unless it must be given. Objects nest:
   * `--stage1.steps`.
   */
  schema: z.ZodObject
  /** Shown at the end of --help, without `npx distilingual`. */
  examples?: string[]
  /** Gets the checked configuration: defaults, overridden by the config file, overridden by flags. Imports what does the work. */
  run(config: object, table: CommandTable): Promise<void>
}

/** Every command by name, each loaded when it is asked for. */
export type CommandTable = Record<string, { description: string; load(): Promise<AnyCommand> }>
