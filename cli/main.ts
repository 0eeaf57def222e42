/** Entry point of the npm scripts and of bin/distilingual.mjs. */
import { guardTerminal } from '../base/printable.ts'
import { run } from './run.ts'

guardTerminal()
// A file beyond the limit of `ulimit -f` would end the process without a word; with a listener, writing it fails with EFBIG.
if (process.platform !== 'win32') process.on('SIGXFSZ', () => {})

process.exitCode = await run(process.argv.slice(2))
// A failed command may have left a thread or a timer behind; it must not keep the process.
if (process.exitCode !== 0) setTimeout(() => process.exit(), 1000).unref()
