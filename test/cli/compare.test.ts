import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { random } from '../../base/random.ts'
import { run } from '../../cli/run.ts'
import { retrievalMetrics } from '../../eval/metrics.ts'
import { formatRanks, type SavedRanks } from '../../eval/ranks-file.ts'
import type { Report, ReportResult } from '../../report/schema.ts'
import { exampleReport } from '../report/example.ts'

interface Task {
  protocol: string
  language: string
  /** Probability that a query comes first. */
  hits: number
  model?: ReportResult['model']
  task?: string
}

let root = ''
test.before(async () => {
  root = await mkdtemp(join(tmpdir(), 'distilingual-compare-'))
})
test.after.always(() => rm(root, { recursive: true }))

/** A run folder: a report and the ranks that its recalls were computed from, the same draws in every run. */
async function makeRun(name: string, tasks: Task[], change: (report: Report) => void = () => {}): Promise<string> {
  const dir = join(root, name)
  const report = exampleReport()
  report.results = []
  const entries = tasks.map(({ protocol, language, hits, model = 'student', task = 'same' }): SavedRanks => {
    const next = random(3)
    const ranks = Array.from({ length: 300 }, () => (next() < hits ? 1 : 40))
    const about = { model, dtype: 'fp32', corpus: 'c', protocol, language } as const
    report.results.push({ ...about, gallery: 300, queries: 300, metrics: { ...retrievalMetrics(ranks, ranks) } })
    const direction = { ranks, gallery: 300 }
    return { ...about, task, textToImage: direction, imageToText: direction }
  })
  change(report)
  await mkdir(dir, { recursive: true })
  await writeFile(join(dir, 'report.json'), JSON.stringify(report))
  await writeFile(join(dir, 'ranks.json'), formatRanks(entries))
  return dir
}

async function compare(...args: string[]) {
  const written = { stdout: '', stderr: '' }
  const stream = (name: keyof typeof written) => ({
    write(text: string) {
      written[name] += text
    },
  })
  const code = await run(['compare', ...args], undefined, { stdout: stream('stdout'), stderr: stream('stderr') })
  return { code, ...written }
}

const both = (hits: number): Task[] => ['en', 'zh'].map((language) => ({ protocol: 'unseen-style/openmoji', language, hits }))

test('two runs: table, JSON, Markdown and a page', async (t) => {
  const a = await makeRun('first/run', both(0.5))
  const b = await makeRun('second/run', [...both(0.65), { protocol: 'val', language: 'en', hits: 0.5 }], (report) => {
    report.provenance.config = { student: 'small', seed: 1, stage1: { steps: 7, languages: ['en', 'zh'] } }
  })
  const out = join(root, 'comparison')
  const { code, stderr } = await compare(a, b, '--out', out)
  t.deepEqual([code, stderr], [0, ''])

  const json = JSON.parse(await readFile(join(out, 'comparison.json'), 'utf8'))
  t.is(json.reference, 'first/run')
  t.deepEqual(
    json.tasks.map(({ language, queries }: { language: string; queries: number }) => [language, queries]),
    [
      ['en', 300],
      ['zh', 300],
    ],
  )
  const [reference, other] = json.tasks[0].scores
  t.is(reference.against, undefined)
  t.true(Math.abs(other.against.difference - (other.metrics.mean_recall - reference.metrics.mean_recall)) < 1e-12)
  t.true(other.against.adjusted < 0.01 && other.against.interval[0] > 0)
  t.deepEqual(json.settings, [
    { name: 'student', values: ['tiny', 'small'] },
    { name: 'stage1.steps', values: ['–', '7'] },
    { name: 'stage1.languages', values: ['–', 'en,zh'] },
  ])
  t.deepEqual(json.skipped, [{ run: 'second/run', task: 'c val en', reason: 'it was not evaluated in first/run' }])

  const markdown = await readFile(join(out, 'comparison.md'), 'utf8')
  t.regex(markdown, /\| unseen-style\/openmoji \| English +\| 300 \|/)
  t.regex(markdown, /\| stage1\.steps +\| – +\| 7 +\|/)
  const page = await readFile(join(out, 'comparison.html'), 'utf8')
  t.deepEqual(
    [...page.matchAll(/<h2 id="([^"]+)"/g)].map(([, id]) => id),
    ['recall', 'differences', 'sizes', 'settings', 'reproduce'],
  )
  t.is(page.replace(/<script>[\s\S]*<\/script>/, '').match(/.{0,40}(?:undefined|NaN|\[object|https?:\/\/).{0,40}/g), null)
})

test('what cannot be compared is refused with the reason and exit code 2', async (t) => {
  const good = await makeRun('good', both(0.5))
  const other = await makeRun('other', [{ protocol: 'test', language: 'en', hits: 0.5 }])
  const renamed = await makeRun(
    'renamed',
    both(0.5).map((task) => ({ ...task, task: 'another set' })),
  )
  const teacher = await makeRun(
    'teacher',
    both(0.5).map((task) => ({ ...task, model: 'teacher' as const })),
  )
  const stale = await makeRun('stale', both(0.5), (report) => {
    report.results[0]!.metrics.mean_recall = 0.9
  })
  const damaged = await makeRun('damaged', both(0.5))
  await writeFile(join(damaged, 'report.json'), '{"schema": 1,')
  const percent = await makeRun('percent', both(0.5), (report) => {
    report.results[0]!.metrics['text_to_image_R@1'] = 50
  })
  const unranked = await makeRun('unranked', both(0.5))
  await rm(join(unranked, 'ranks.json'))

  const cases: [what: string, args: string[], message: RegExp][] = [
    ['no run', [], /--runs: expected a list of at least 2 text, got nothing/],
    ['one run', [good], /--runs: expected a list of at least 2 text/],
    ['a run twice', [good, `${good}/`], /expected each run once, got it twice/],
    [
      'no report.json',
      [good, join(root, 'nowhere')],
      /nowhere\/report\.json: expected the report of an evaluation, got no such file\. Evaluate the run first/,
    ],
    ['a damaged report.json', [good, damaged], /damaged\/report\.json: expected JSON, got /],
    ['a report that breaks the schema', [good, percent], /percent\/report\.json, results\.0\.metrics\.text_to_image_R@1: .*a fraction, not percent/],
    ['no ranks.json', [good, unranked], /unranked\/ranks\.json: expected ranks of an evaluation, got .*Evaluate the run again/],
    [
      'files of two evaluations',
      [good, stale],
      /stale: expected report\.json and ranks\.json of one evaluation, got student fp32, unseen-style\/openmoji en: mean recall 0\.9 and 0\./,
    ],
    ['no shared protocol', [good, other], /good and other were evaluated .*it was not evaluated there.*Evaluate them with the same/],
    ['other images under one name', [good, renamed], /its images or texts are not the same ones/],
    ['a model that a run does not hold', [good, teacher], /compare, teacher: expected an evaluation of student fp32, got one of teacher fp32/],
    ['an unknown protocol', [good, await makeRun('twin', both(0.4)), '--protocol', 'nothing'], /got none of nothing in good/],
  ]
  for (const [what, args, message] of cases) {
    const { code, stderr } = await compare(...args, '--out', join(root, 'none'))
    t.regex(stderr, message, what)
    t.is(code, 2, what)
  }
})
