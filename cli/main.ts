/** Entry point of the npm scripts and of bin/distilingual.mjs. */
import { run } from './run.ts'

process.exitCode = await run(process.argv.slice(2))
// A failed command may have left a thread or a timer behind; it must not keep the process.
if (process.exitCode !== 0) setTimeout(() => process.exit(), 1000).unref()
