/** `npm run bench -- NAME [flags]`: seeded measurements that print a table. */
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { UserError } from '../base/errors.ts'
import { benchBudget, budgetFlags } from './budget.ts'
import { benchFromPretrained } from './from-pretrained.ts'
import { benchObjectives } from './objectives.ts'
import { benchProfile } from './profile.ts'
import { benchRetrieval } from './retrieval.ts'
import { benchSpeed, speedFlags } from './speed.ts'
import { benchStep } from './step.ts'
import { studyFlags } from './study/plan.ts'
import { benchTeacherModes, teacherModesFlags } from './teacher-modes.ts'
import { benchTokenizers } from './tokenizers.ts'
import { benchZoo } from './zoo.ts'

interface Bench {
  summary: string
  /** Flags with their defaults; numbers stay numbers. */
  flags: Record<string, string | number>
  run(flags: Record<string, string | number>): Promise<void>
}

const model = { preset: 'base', batchSize: 64, textLength: 32, keepPatches: 1, vocabSize: 8000, threads: 0 }

const benches: Record<string, Bench> = {
  step: {
    summary: 'the compiled training step against the best MatMul rate of the same runtime, and against PyTorch where python has it',
    flags: { ...model, repeats: 10, python: 'python3' },
    run: benchStep,
  },
  profile: { summary: 'where the time of the compiled step goes, by kind of node', flags: { ...model, repeats: 5 }, run: benchProfile },
  tokenizers: { summary: 'tokens per caption and speed of the trained tokenizers', flags: { languages: 'en,zh' }, run: benchTokenizers },
  retrieval: {
    summary: 'exact ranking against a plain double loop, and against numpy where python has it: time, memory, same ranks',
    flags: { queries: 2000, gallery: 20_000, dim: 256, threads: 0, python: 'python3' },
    run: benchRetrieval,
  },
  'from-pretrained': {
    summary: "a model folder's embeddings here and by transformers' CLIPModel.from_pretrained, where python has it",
    flags: { model: '', python: 'python3', write: '' },
    run: benchFromPretrained,
  },
  objectives: { summary: 'every objective added to task, alone and combined: recall, time; resumable', flags: studyFlags, run: benchObjectives },
  'teacher-modes': {
    summary: 'the teacher at every step, its cached embeddings, means of its classes: time, memory, recall; resumable',
    flags: teacherModesFlags,
    run: benchTeacherModes,
  },
  budget: {
    summary: 'one budget of parameters split between the towers, and students of 50, 22 and 15 % of the teacher; resumable',
    flags: budgetFlags,
    run: benchBudget,
  },
  zoo: {
    summary: 'teachers of many makers, here and by their own Python: pixels, pictures, texts',
    flags: { dir: '.cache/zoo', python: 'python3', only: '' },
    run: benchZoo,
  },
  speed: { summary: 'what objectives add to a step, and what the teacher costs, cached against at every step', flags: speedFlags, run: benchSpeed },
}

const [name, ...rest] = process.argv.slice(2)
try {
  if (!name || name === '--help') console.log(help(benches))
  else if (rest.includes('--help')) console.log(help({ [name]: known(name) }))
  else await known(name).run(flagsOf(known(name), rest))
} catch (error) {
  const refusal = error instanceof z.ZodError ? unfit(error) : error
  if (!(refusal instanceof UserError)) throw refusal
  console.error(refusal.message)
  process.exitCode = refusal.exitCode
}

/** Settings of stage 1 that its schema refuses. */
function unfit({ issues }: z.ZodError): UserError {
  const { path, message } = issues[0]!
  return new UserError({
    where: `--${path.join('.')}`,
    expected: 'a setting that stage 1 takes',
    got: message,
    hint: 'See npm run stage1 -- --help.',
  })
}

function help(benches: Record<string, Bench>): string {
  const flags = (bench: Bench) => Object.entries(bench.flags).map(([flag, value]) => `      --${flag} ${value === '' ? '…' : value}`)
  const lines = Object.entries(benches).flatMap(([name, bench]) => [`  ${name}: ${bench.summary}`, ...flags(bench)])
  return `npm run bench -- NAME [flags]\n\n${lines.join('\n')}\n\nthreads 0 means all cores.`
}

function known(name: string): Bench {
  const bench = benches[name]
  if (bench) return bench
  throw new UserError({
    where: `bench ${name}`,
    expected: `one of ${Object.keys(benches).join(', ')}`,
    got: name,
    hint: 'npm run bench -- --help lists them.',
  })
}

function flagsOf(bench: Bench, args: string[]): Record<string, string | number> {
  const options = Object.fromEntries(Object.keys(bench.flags).map((flag) => [flag, { type: 'string' as const }]))
  let given: Record<string, unknown>
  try {
    given = parseArgs({ args, options }).values
  } catch (error) {
    throw new UserError({
      where: 'bench',
      expected: `flags ${
        Object.keys(bench.flags)
          .map((flag) => `--${flag}`)
          .join(' ') || '(none)'
      }`,
      got: args.join(' '),
      hint: (error as Error).message,
    })
  }
  return Object.fromEntries(
    Object.entries(bench.flags).map(([flag, usual]) => {
      const value = given[flag] === undefined ? usual : typeof usual === 'number' ? Number(given[flag]) : String(given[flag])
      if (Number.isNaN(value)) throw new UserError({ where: `--${flag}`, expected: 'a number', got: String(given[flag]), hint: `Usual is ${usual}.` })
      return [flag, value]
    }),
  )
}
