import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { z } from 'zod'
import type { AnyCommand } from '../../cli/command.ts'
import { flagsOf } from '../../cli/flags.ts'
import { run } from '../../cli/run.ts'
import { runSettings } from '../../training/run-settings.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { runShow } from './fixture.ts'

const defaults = {
  text: 'a',
  steps: 100,
  rate: 0.5,
  mode: 'slow',
  languages: ['en', 'zh'],
  top: 'all',
  quiet: false,
  colour: true,
  batchSize: 8,
  inner: { depth: 2 },
}

const lines: [what: string, args: string[], changed: object][] = [
  ['defaults alone', ['a'], {}],
  ['the positional key by its flag', ['--text', 'a'], {}],
  ['numbers', ['a', '--steps', '7', '--rate', '1e-3'], { steps: 7, rate: 1e-3 }],
  ['an equals sign', ['a', '--steps=7'], { steps: 7 }],
  ['lists', ['a', '--languages', 'en, fr', '--sizes', '1,2'], { languages: ['en', 'fr'], sizes: [1, 2] }],
  ['either of two types', ['a', '--top', '3'], { top: 3 }],
  ['switches both ways', ['a', '--quiet', '--no-colour'], { quiet: true, colour: false }],
  ['a key in kebab-case, as in the schema, and by an older name', ['a', '--batch-size', '4', '--times=7'], { batchSize: 4, steps: 7 }],
  ['a key as in the schema', ['a', '--batchSize=4'], { batchSize: 4 }],
  ['a value that looks like a key', ['--text=--batchSize'], { text: '--batchSize' }],
  ['a nested key', ['a', '--inner.depth', '5'], { inner: { depth: 5 } }],
]
for (const [what, args, changed] of lines) {
  test(`reads ${what}`, async (t) => {
    const { code, config, stderr } = await runShow('show', ...args)
    t.deepEqual({ code, config, stderr }, { code: 0, config: { ...defaults, ...changed }, stderr: '' })
  })
}

const mistakes: [what: string, args: string[], message: RegExp][] = [
  ['a misspelt flag', ['a', '--stpes', '3'], /^distilingual show: expected one of its flags, got --stpes\. Did you mean --steps\? See --help\.\n$/],
  ['another case', ['a', '--Steps=3'], /got --Steps\. Did you mean --steps\?/],
  ['a number below its bound', ['a', '--steps', '0'], /^--steps: expected integer ≥ 1, got 0\. See distilingual show --help\.\n$/],
  ['a number beyond its bound', ['a', '--rate', '2'], /^--rate: expected number > 0, ≤ 1, got 2\./],
  ['text for a number', ['a', '--steps', '3x'], /^--steps: expected integer ≥ 1, got "3x"\./],
  ['nothing for a number', ['a', '--steps='], /^--steps: expected integer ≥ 1, got ""\./],
  ['a flag without its value', ['a', '--steps'], /^--steps: expected a value after it, got nothing\./],
  ['a value for a switch', ['a', '--quiet=yes'], /^--quiet: expected no value, got "--quiet=yes"\. Write --quiet or --no-quiet\./],
  ['an unknown choice', ['a', '--mode', 'fats'], /^--mode: expected one of slow, fast, got "fats"\./],
  ['an empty list', ['a', '--languages', ','], /^--languages: expected a list of at least 1 text, got \[\]\./],
  ['a list with a wrong part', ['a', '--sizes', '1,x'], /^--sizes: expected a list of integer, got \[1,"x"\]\./],
  ['a missing key', [], /^--text: expected text \(what to show\), got nothing\./],
  ['two positional arguments', ['a', 'b'], /^distilingual show: expected one text, got "a b"\. Put each in quotes\./],
]
for (const [what, args, message] of mistakes) {
  test(`refuses ${what} with exit code 2`, async (t) => {
    const { code, config, stderr } = await runShow('show', ...args)
    t.regex(stderr, message)
    t.deepEqual([code, config], [2, undefined])
  })
}

/** A row of the table of commands. */
const entry = (load: () => Promise<AnyCommand>) => ({ description: 'Does something.', load })

test("a path that the system refuses is the user's to mend: one line, exit code 2", async (t) => {
  const file = await writeConfig(t, {})
  const schema = z.object({ out: z.string().describe('where') })
  const make = async () => ({
    name: 'make',
    schema,
    run: async ({ out }: { out: string }) => void (await mkdir(out, { recursive: true })),
  })
  for (const out of [file, join(file, 'inner')]) {
    const written: string[] = []
    const stream = { write: (text: string) => void written.push(text) }
    t.is(await run(['make', '--out', out], { make: entry(make) }, { stdout: stream, stderr: stream }), 2)
    t.regex(written.join(''), /^\/.*: expected a path that can be used, got E(?:EXIST|NOTDIR).*name another\.\n$/)
  }
})

const fullDisk = '/dev/full'
const onLinux = existsSync(fullDisk) ? test : test.skip
onLinux('a full disk is told as such, though the error names no path', async (t) => {
  const fill = async () => ({ name: 'fill', schema: z.object({}), run: () => writeFile(fullDisk, 'more') })
  const written: string[] = []
  const stream = { write: (text: string) => void written.push(text) }
  t.is(await run(['fill'], { fill: entry(fill) }, { stdout: stream, stderr: stream }), 2)
  t.regex(written.join(''), /^disk: expected a path that can be used, got ENOSPC.*Free some space and run the same command again\.\n$/)
})

test('a list may be the positional key: it takes every argument that is no flag', async (t) => {
  const list = {
    name: 'list',
    schema: z.object({ runs: z.array(z.string()).min(2).meta({ description: 'runs', positional: true }), seed: z.int().default(1) }),
    run: async (config: object) => void got.push(config),
  }
  const got: object[] = []
  const written: string[] = []
  const stream = { write: (text: string) => void written.push(text) }
  const runList = (...args: string[]) => run(['list', ...args], { list: entry(async () => list) }, { stdout: stream, stderr: stream })
  t.is(await runList('a,b', '--seed', '2', 'c'), 0)
  t.is(await runList('--runs', 'a,b'), 0)
  t.deepEqual(got, [
    { runs: ['a,b', 'c'], seed: 2 },
    { runs: ['a', 'b'], seed: 1 },
  ])
  t.deepEqual([await runList('a'), await runList('c', '--runs', 'a,b')], [2, 2])
  t.regex(written.join(''), /--runs: expected a list of at least 2 text, got \["a"\][\s\S]*list: expected runs once, got "c"/)
  await runList('--help')
  t.regex(written.at(-1)!, /Usage: distilingual list RUNS… \[flags\]/)
})

test('flags win over the config file, the config file over defaults', async (t) => {
  const file = await writeConfig(t, { command: 'show', text: 'from file', steps: 3, inner: { depth: 9 }, mode: 'fast' })
  const { config } = await runShow('show', '--config', file, '--steps', '4')
  t.deepEqual(config, { ...defaults, text: 'from file', steps: 4, inner: { depth: 9 }, mode: 'fast' })
})

test('how a run was begun is not read from its config.json', async (t) => {
  const schema = runSettings
  let config: object = {}
  const begin = async () => ({ name: 'begin', schema, run: async (got: object) => void (config = got) })
  const file = await writeConfig(t, { command: 'begin', out: 'here', force: true, resume: true })
  t.is(await run(['begin', '--config', file], { begin: entry(begin) }), 0)
  t.deepEqual(config, { out: 'here', cacheDir: '.cache', force: false, imageTimeout: 10, resume: false })
})

test('a list may come in several flags', async (t) => {
  t.like((await runShow('show', 'a', '--languages', 'en', '--languages', 'fr,de', '--sizes', '1', '--sizes', '2')).config, {
    languages: ['en', 'fr', 'de'],
    sizes: [1, 2],
  })
})

const badFiles: [what: string, content: unknown, message: RegExp][] = [
  ['an unknown key', { step: 3 }, /config\.json: step: expected a setting of this command, got an unknown key\. Did you mean steps\?/],
  ['an unknown nested key', { inner: { dept: 3 } }, /config\.json: inner\.dept: .* Did you mean inner\.depth\?/],
  ['a value of another type', { text: 'a', steps: '3' }, /config\.json: steps: expected integer ≥ 1, got "3"/],
  ['a key of an older version', { command: 'show', ramp: 0 }, /config\.json: ramp: .*docs\/migration\.md/],
  ["another command's file", { command: 'stage1' }, /config\.json: command: expected show, got stage1/],
  ['a flag of an inner stage', { depth: 3 }, /config\.json: depth: .* Did you mean inner\.depth\?/],
  ['an array', [1], /expected a JSON file with an object of settings, got an array/],
]
for (const [what, content, message] of badFiles) {
  test(`refuses a config file with ${what}`, async (t) => {
    const { code, stderr } = await runShow('show', '--config', await writeConfig(t, content))
    t.regex(stderr, message)
    t.is(code, 2)
  })
}

test('refuses a config file that is not there', async (t) => {
  const { code, stderr } = await runShow('show', '--config', '/no/such.json')
  t.regex(stderr, /^--config \/no\/such\.json: expected a JSON file with an object of settings, got no such file\./)
  t.is(code, 2)
})

test('help shows every flag with its type and default', async (t) => {
  const { code, stdout } = await runShow('show', '--help', '--all')
  t.is(code, 0)
  const expected = [
    'Usage: distilingual show TEXT [flags]',
    'TEXT what to show (required)',
    '--steps <integer> how often (default: 100)',
    '--mode <slow|fast> how (default: slow)',
    '--languages <text,…> in which languages (default: en,zh)',
    '--sizes <integer,…> how large',
    '--top <integer|all> how many (default: all)',
    '--quiet without a word (default: off)',
    '--no-colour in colour (default: on)',
    '--batch-size <integer> how many at once (default: 8)',
    '--inner.depth <integer> how deep (default: 2)',
    '--config <file.json>',
    'npx distilingual show "a text"',
  ]
  const text = stdout.replace(/\s+/g, ' ')
  for (const part of expected) t.true(text.includes(part), `${part}\n${stdout}`)
})

test('help shows the usual flags and what must be given, and says how many there are besides', async (t) => {
  const { stdout } = await runShow('show', '--help')
  const text = stdout.replace(/\s+/g, ' ')
  for (const part of [
    'Training: --steps <integer> how often (default: 100)',
    'TEXT what to show (required)',
    '--help --all show the other 9 flags, too',
  ])
    t.true(text.includes(part), `${part}\n${stdout}`)
  t.false(text.includes('--rate'))
})

test("a UserError's exit code is the process's; other errors show their stack and exit with 1", async (t) => {
  for (const code of [2, 3, 130]) t.like(await runShow('show', `exit ${code}`), { code, stderr: 'show: expected x, got y. Do z.\n' })
  const fault = await runShow('show', 'fault')
  t.is(fault.code, 1)
  t.regex(fault.stderr, /^Error: broken inside\n +at /)
})

test('without a command, or with an unknown one', async (t) => {
  t.like(await runShow(), { code: 2, stdout: '' })
  t.like(await runShow('--help'), { code: 0, stderr: '' })
  t.regex((await runShow('shwo')).stderr, /^distilingual: expected a command \(show\), got shwo\. Did you mean show\?/)
  t.is((await runShow('constructor')).code, 2)
})

test('a schema that no flag can hold is found when the command is written', (t) => {
  t.throws(() => flagsOf(z.object({ table: z.record(z.string(), z.number()) })), { message: /^--table: no flag can hold a schema of type object/ })
})

async function writeConfig(t: ExecutionContext, content: unknown): Promise<string> {
  const dir = await temporaryFolder(t)
  const file = join(dir, 'config.json')
  await writeFile(file, JSON.stringify(content))
  return file
}
