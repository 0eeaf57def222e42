/**
 * A training run as a process of its own, to be killed: `train-run.ts DIR [--resume] [--rate R] [--poison N] [--hold N] [--stuck N] [--events]`.
 * Before step N + 1, `--hold` waits for an interrupt, `--stuck` for ever; `--poison` gives it a NaN. Ends as a command does: 0, or the error's own exit code with its message on stderr.
 */
import { once } from 'node:events'
import { UserError } from '../../base/errors.ts'
import { compile } from '../../engine/compile.ts'
import { openEventFile } from '../../engine/events/event-file.ts'
import { warmupCosine } from '../../engine/optim/schedule.ts'
import { train } from '../../engine/train.ts'
import { tinyStep, tinyTexts } from '../models/tiny.ts'
import { gaussian } from './oracle.ts'

export const totalSteps = 30

const [dir, ...flags] = process.argv.slice(2) as [string, ...string[]]
const option = (name: string) => (flags.includes(name) ? Number(flags[flags.indexOf(name) + 1]) : Number.NaN)
const learningRate = option('--rate') || 1e-2
const keepAlive = () => setInterval(() => {}, 1000)

const { fn, specs, feeds, params } = tinyStep({ task: 1, fd: 1 })
const inputs = Object.fromEntries(Object.entries(feeds).filter(([name]) => !params[name]))
const step = await compile(fn, specs, { threads: 1 })
try {
  await train({
    label: 'tiny',
    params,
    trained: Object.keys(params),
    steps: totalSteps,
    async batch(number, micro) {
      if (number === option('--stuck')) await new Promise(keepAlive)
      if (number === option('--hold') && micro === 0) {
        const timer = keepAlive()
        await once(process, 'SIGINT')
        clearInterval(timer)
      }
      const pixel_values = gaussian(inputs.pixel_values!.length, 20, number, micro)
      if (number === option('--poison')) pixel_values[0] = Number.NaN
      const contents = () => [`picture ${2 * number + micro}`]
      return { contents, run: (params) => step.run({ ...params, ...inputs, ...tinyTexts(8, 6, 2 * number + micro), pixel_values }) }
    },
    accumulate: 2,
    schedule: warmupCosine(learningRate, 3, totalSteps),
    dir,
    identity: { run: 'tiny', learningRate },
    resume: flags.includes('--resume'),
    logEvery: 1,
    checkpointEvery: 4,
    evaluate: { every: 10, run: async () => ({ validation: 1 }) },
    mirror: flags.includes('--events') ? (start) => openEventFile(dir, start, (name) => `tiny/${name}`) : undefined,
  })
} catch (error) {
  if (!(error instanceof UserError)) throw error
  console.error(error.message)
  process.exit(error.exitCode)
}
