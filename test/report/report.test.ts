import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { UserError } from '../../base/errors.ts'
import { pixelBaseline } from '../../eval/pixel-baseline.ts'
import { evaluateRetrieval } from '../../eval/retrieval.ts'
import { alsoNames } from '../../report/also.ts'
import { recallSection } from '../../report/card.ts'
import { chineseClip, chineseClipHeadline } from '../../report/chinese-clip.ts'
import { clipBenchmark } from '../../report/clip-benchmark.ts'
import { renderConsole } from '../../report/console.ts'
import { languageName, megabytes, parameterCount, percent, percentInterval, rank } from '../../report/format.ts'
import { renderHtml } from '../../report/html.ts'
import { writeReport } from '../../report/json.ts'
import { renderMarkdown } from '../../report/markdown.ts'
import { openClip } from '../../report/open-clip.ts'
import { provenance } from '../../report/provenance.ts'
import { pixelRow, retrievalRow } from '../../report/rows.ts'
import { parseReport } from '../../report/schema.ts'
import { freeQueryKinds, freeQueryTables } from '../../report/tables/free-queries.ts'
import { groupRecalls, groupTable } from '../../report/tables/groups.ts'
import { headlineTable } from '../../report/tables/headline.ts'
import { agreementTable, gapTable } from '../../report/tables/languages.ts'
import { escapeMarkdown } from '../../report/tables/markdown.ts'
import { modelTable } from '../../report/tables/models.ts'
import { otherProtocols, protocolTables } from '../../report/tables/recall.ts'
import { cellText } from '../../report/tables/table.ts'
import { zeroShotTable } from '../../report/tables/zero-shot.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { exampleReport } from './example.ts'
import { fullReport } from './html-example.ts'

/** The example with one field, named by its path, replaced. */
function changed(path: (string | number)[], value: unknown): unknown {
  const report: unknown = exampleReport()
  let holder = report as Record<string | number, unknown>
  for (const key of path.slice(0, -1)) holder = holder[key] as Record<string | number, unknown>
  if (value === undefined) delete holder[path.at(-1)!]
  else holder[path.at(-1)!] = value
  return report
}

test('the schema takes a whole report and survives JSON', (t) => {
  t.deepEqual(parseReport(JSON.parse(JSON.stringify(exampleReport()))), exampleReport())
})

test('the schema refuses what is malformed and names the field', (t) => {
  const refuses = (path: (string | number)[], value: unknown, message = new RegExp(`report.json, ${path.join('.')}`.replaceAll('@', '.'))) =>
    t.regex(t.throws(() => parseReport(changed(path, value)), { instanceOf: UserError })!.message, message)
  refuses(['schema'], 2)
  refuses(['provenance', 'seed'], undefined)
  refuses(['provenance', 'minutes'], Number.NaN)
  refuses(['results', 0, 'model'], 'somebody')
  refuses(['results', 0, 'gallery'], 0)
  refuses(['results', 0, 'metrics', 'mean_recall'], 41.3) // percent
  refuses(['results', 0, 'metrics', 'text_to_image_R@5'], 41.3)
  refuses(['results', 0, 'metrics', 'image_to_text_R@10'], undefined)
  refuses(['results', 0, 'metrics', 'median_rank'], 0)
  refuses(['results', 0, 'interval95', 'mean_recall'], [0.4, 0.3])
  refuses(['models', 'student', 'parameters', 'text'], -1)
  refuses(['results', 0, 'retentoin'], 1, /results\.0: .*retentoin/)
  t.throws(() => parseReport(null), { instanceOf: UserError, message: /top level/ })
})

test('numbers as people read them', (t) => {
  t.deepEqual([percent(0.4136), percent(1), percent(undefined), percentInterval([0.391, 0.44])], ['41.4', '100.0', '–', '39.1–44.0'])
  t.deepEqual([parameterCount(1_234_567), parameterCount(950), megabytes(4_960_000), megabytes(640_000)], ['1.23 M', '950', '5.0 MB', '0.64 MB'])
  t.deepEqual(
    [languageName('zh'), languageName('pt'), languageName('not a code'), rank(3), rank(3.5)],
    ['Chinese', 'Portuguese', 'not a code', '3', '3.5'],
  )
})

test('the Markdown report reads as expected', (t) => {
  t.snapshot(renderMarkdown(exampleReport()))
})

test('the Markdown report of a single unnamed result has no empty parts', (t) => {
  const { results, provenance: from } = exampleReport()
  const text = renderMarkdown({
    schema: 1,
    models: {},
    results: results.slice(0, 1),
    provenance: { ...from, commit: null, dirty: undefined },
  })
  t.notRegex(text, /undefined|NaN|\n\n\n/)
  t.regex(text, /- Commit: unknown\n- Seed: 1\n/)
})

test('the console shows the headline, free queries, its protocol and the others, in columns', (t) => {
  const text = renderConsole(fullReport())
  t.snapshot(text)
  for (const block of text.trimEnd().split('\n\n')) {
    const [head, ...rows] = block.split('\n').slice(1)
    for (const row of rows) t.true(row.length === head!.length, row)
    t.true(head!.length <= 125)
  }
})

test('every table has a cell a column, and all four printers print the same cells', async (t) => {
  const report = fullReport()
  const tables = [headlineTable(report)!, ...freeQueryTables(report), freeQueryKinds(report)!, modelTable(report)!, gapTable(report)!]
  tables.push(agreementTable(report)!, zeroShotTable(report)!, groupTable(report)!, groupRecalls(report)!, otherProtocols(report)!)
  tables.push(...protocolTables(report))
  for (const { title, columns, rows } of tables) for (const row of rows) t.is(row.length, columns.length, title)

  const words = (text: string) => text.replaceAll(/<[^>]*>|[|\\]/g, ' ').replaceAll(/\s+/g, ' ')
  const [markdown, ...others] = [renderMarkdown(report), await renderHtml(report), renderConsole(report), recallSection(report)].map(words)
  const everywhere = [headlineTable(report)!, ...freeQueryTables(report), protocolTables(report)[0]!]
  for (const { title, rows } of [...everywhere, otherProtocols(report)!]) {
    const printers = title.startsWith('other') ? others : [markdown!, ...others] // report.md has each protocol in full
    for (const row of rows) for (const printed of printers) t.true(printed.includes(row.map(cellText).join(' ')), `${title}: ${row.map(cellText)}`)
  }
})

test('the headline has gallery and kept of every protocol, and the recall that it is judged by, worked by hand', (t) => {
  const report = fullReport()
  report.headlineMeasures = { 'unseen-style/openmoji': 'text_to_image_R@1' }
  const { columns, rows } = headlineTable(report)!
  const cells = (measure: string) => rows.filter((row) => row[1] === measure).map((row) => row.map(cellText))
  t.deepEqual(
    columns.map(({ title }) => title),
    ['protocol', 'measure', 'language', 'gallery', 'teacher', 'student fp32', 'student q8', 'scratch', '95 %', 'kept', 'chance'],
  )
  // Teacher 30 %, student 20 %: two thirds are kept; in Chinese both have 15 %.
  t.deepEqual(cells('T→I R@1'), [
    ['unseen-style/openmoji', 'T→I R@1', 'English', '1,194', '30.0', '20.0', '20.0', '10.0', '–', '66.7', '–'],
    ['unseen-style/openmoji', 'T→I R@1', 'Chinese', '1,194', '15.0', '15.0', '–', '–', '–', '100.0', '–'],
  ])
  t.deepEqual(cells('hit@5'), [['free-queries', 'hit@5', 'English', '1,494', '80.0', '70.0', '–', '–', '65.0–75.0', '87.5', '6.0']])
  t.is(cells('mean recall').length, 3)
})

test('a model in several formats is told apart by them', (t) => {
  const report = exampleReport()
  const text = renderConsole({ ...report, results: [...report.results, { ...report.results[0]!, dtype: 'q8' }] })
  t.regex(text, /student fp32 /)
  t.regex(text, /student q8 /)
})

test('CLIP_benchmark names: image retrieval is text→image', (t) => {
  const [first, ...others] = clipBenchmark(exampleReport())
  t.deepEqual(first, {
    dataset: 'emoji/unseen-style/openmoji',
    model: 'student',
    pretrained: 'fp32',
    task: 'zeroshot_retrieval',
    metrics: {
      'image_retrieval_recall@1': 0.3 - 0.1,
      'text_retrieval_recall@1': 0.3 - 0.1,
      'image_retrieval_recall@5': 0.3,
      'text_retrieval_recall@5': 0.3,
      'image_retrieval_recall@10': 0.3 + 0.1,
      'text_retrieval_recall@10': 0.3 + 0.1,
    },
    language: 'en',
  })
  t.is(others.length, 4) // without the pixel baseline
})

test("open_clip's names, ranks included where they are known", (t) => {
  const report = exampleReport()
  Object.assign(report.results[0]!.metrics, { image_to_text_mean_rank: 30.5, text_to_image_median_rank: 12 })
  const [first, ...others] = openClip(report)
  t.deepEqual(Object.entries(first!), [
    ['model', 'student'],
    ['precision', 'fp32'],
    ['dataset', 'emoji/unseen-style/openmoji'],
    ['language', 'en'],
    ['image_to_text_mean_rank', 30.5],
    ['image_to_text_R@1', 0.3 - 0.1],
    ['image_to_text_R@5', 0.3],
    ['image_to_text_R@10', 0.3 + 0.1],
    ['text_to_image_median_rank', 12],
    ['text_to_image_R@1', 0.3 - 0.1],
    ['text_to_image_R@5', 0.3],
    ['text_to_image_R@10', 0.3 + 0.1],
    ['num_samples', 1000],
  ])
  t.is(others.length, 4)
})

test("Chinese-CLIP's output: percent, one direction, the student in Chinese", (t) => {
  const report = exampleReport()
  const output = chineseClipHeadline(report)!
  t.deepEqual(Object.keys(output), ['success', 'score', 'scoreJson'])
  t.deepEqual(output.scoreJson, { score: output.score, mean_recall: output.score, r1: 15, r5: 25, r10: 35 })
  t.true(Math.abs(output.score - 25) < 1e-9)
  t.is(chineseClip(report).length, 10)
  t.is(chineseClipHeadline({ ...report, results: report.results.filter(({ language }) => language === 'en') }), undefined)
  const traditional = report.results.map((row) => ({ ...row, language: row.language === 'zh' ? 'zh-Hant-TW' : row.language }))
  t.deepEqual(chineseClipHeadline({ ...report, results: traditional }), output)
})

test('names that users give are escaped in Markdown', (t) => {
  const text = renderMarkdown(parseReport(fullReport()))
  t.true(text.includes('| food\\|\\<drink\\> '))
  t.true(text.includes('| place \\<b\\> '))
  t.is(escapeMarkdown('a *b* _c_ [d](e) `f`\n# g'), 'a \\*b\\* \\_c\\_ \\[d\\](e) \\`f\\` # g')
})

test('reports are written whole or not at all', async (t) => {
  const dir = await temporaryFolder(t)
  const out = join(dir, 'deep', 'run')
  t.is((await writeReport(out, exampleReport()))[0], join(out, 'report.json'))
  t.deepEqual((await readdir(out)).sort(), ['report.json', 'report.md'])
  t.deepEqual(parseReport(JSON.parse(await readFile(join(out, 'report.json'), 'utf8'))), exampleReport())

  await writeFile(join(out, 'report.md'), 'kept')
  const broken = changed(['results', 0, 'queries'], -1) as ReturnType<typeof exampleReport>
  await t.throwsAsync(() => writeReport(out, broken), { instanceOf: UserError, message: /report\.json, results\.0\.queries/ })
  t.is(await readFile(join(out, 'report.md'), 'utf8'), 'kept')

  await writeReport(out, exampleReport(), { material: {}, ranks: [] })
  t.deepEqual((await readdir(out)).sort(), ['ranks.json', 'report.html', 'report.json', 'report.md'])
  t.true((await readFile(join(out, 'report.html'), 'utf8')).startsWith('<!doctype html>'))

  await writeReport(out, exampleReport(), { also: alsoNames })
  t.deepEqual((await readdir(out)).sort(), ['chinese_clip.json', 'clip_benchmark.json', 'open_clip.json', 'output.json', 'report.json', 'report.md'])
  await writeReport(out, exampleReport(), { also: ['open_clip'] })
  t.deepEqual((await readdir(out)).sort(), ['open_clip.json', 'report.json', 'report.md'])
})

test('rows made of results fit the schema', async (t) => {
  const images = ['a', 'b', 'c'].map((id) => ({ id, source: { key: id, read: async () => new Uint8Array() } }))
  const task = { corpus: 'c', protocol: 'p', language: 'en', images, texts: ['a', 'b', 'c'], positives: [[0], [1], [2]] }
  const embeds = Float32Array.from([1, 0, 0, 0, 1, 0, 0, 0, 1])
  const row = retrievalRow('student', 'q8', await evaluateRetrieval(task, embeds, embeds))
  t.is(row.metrics.mean_recall, 1)
  t.deepEqual(row.interval95!.mean_recall, [1, 1])
  const read = (i: number) => Uint8Array.from({ length: 16 * 16 * 4 }, (_, at) => (at % 4 === 3 || (at >> 2) % (i + 2) === 0 ? 255 : 0))
  const set = { concepts: ['a', 'b', 'c'], read }
  const pixels = pixelRow(task, await pixelBaseline(set, set))!
  t.is(pixels.metrics['image_to_text_R@1'], 1)
  t.notThrows(() => parseReport({ ...exampleReport(), results: [row, pixels] }))
  t.is(pixelRow(task, { available: false, reason: 'none' }), undefined)
})

test('provenance gathers what can be known here', (t) => {
  const from = provenance({ config: { student: 'tiny' }, seed: 3, device: 'cpu' })
  t.is(from.versions.node, process.versions.node)
  t.regex(from.versions.distilingual!, /^\d+\.\d+\.\d+/)
  t.regex(from.versions.zod!, /^4\./)
  t.true(from.machine.cores > 0 && from.machine.memoryMB > 0 && from.peakMemoryMB > 10)
  t.true(from.commit === null || /^[0-9a-f]{40}$/.test(from.commit))
  t.notThrows(() => parseReport({ ...exampleReport(), provenance: from }))
})
