import type { z } from 'zod'

/** One command of the tool, exported from its file in cli/ and listed in cli/commands.ts. */
export interface Command<S extends z.ZodObject> extends AnyCommand {
  schema: S
  positional?: keyof S['shape'] & string
  run(config: z.output<S>): Promise<void>
}

/** What the framework knows of a command. */
export interface AnyCommand {
  name: string
  description: string
  /** Every key is a flag: with `.describe()`, and with `.default()` or `.optional()` unless it must be given. Objects nest: `--stage1.steps`. */
  schema: z.ZodObject
  /** The key that is given without a flag: `search "a red apple"`; a list takes all of them: `compare runs/a runs/b`. */
  positional?: string
  /** Shown at the end of --help, without `npx distilingual`. */
  examples?: string[]
  /** Gets the checked configuration: defaults, overridden by the config file, overridden by flags. */
  run(config: object): Promise<void>
}
