import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import sharp from 'sharp'
import { openCorpus } from '../../../corpora/open.ts'
import { photoTemplates } from '../../../corpora/photo-templates.ts'
import type { RetrievalTask } from '../../../corpora/retrieval-task.ts'
import { prepareTask } from '../../../eval/retrieval-tasks.ts'
import { zeroShotTemplates } from '../../../eval/templates.ts'
import { preset } from '../../../models/config.ts'
import { createDualEncoder } from '../../../models/dual-encoder.ts'
import { embedCached, embedTexts } from '../../../models/embed.ts'
import { evaluateModels } from '../../../report/measure/evaluate.ts'
import { type ModelEntry, modelEntry } from '../../../report/measure/model-entry.ts'
import { loadTokenizer } from '../../../tokenizers/load.ts'
import { trainTokenizer, writeTokenizer } from '../../../tokenizers/train.ts'
import { throwsUserError } from '../../user-error.ts'

const colours = ['red', 'green', 'blue']
const farben = ['rot', 'grün', 'blau']
const count = 18
let dir = ''
let entries: ModelEntry[] = []

/** 18 one-coloured pictures: six for each of three classes, in two groups; the first six in val, the others in test. Two untrained models that see them at 16 and 32 pixels. */
test.before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'distilingual-evaluate-'))
  const rows = Array.from({ length: count }, (_, i) => {
    const [name, group, split] = [colours[i % 3]!, i % 2 ? 'odd' : 'even', i < 6 ? 'val' : 'test']
    return [`${i}.png`, `a ${name} square ${i}`, `ein Quadrat ${farben[i % 3]} ${i}`, split, name, group]
  })
  for (let i = 0; i < count; i++) {
    const background = { r: (i * 37) % 256, g: (i * 91) % 256, b: (i * 53) % 256 }
    await sharp({ create: { width: 32, height: 32, channels: 3, background } })
      .png()
      .toFile(join(dir, `${i}.png`))
  }
  const table = (header: string) => [header, ...rows.map((row) => row.slice(0, header.split(',').length).join())].join('\n')
  await writeFile(join(dir, 'classed.csv'), table('image,en,de,split,class,group'))
  await writeFile(join(dir, 'plain.csv'), table('image,en,de,split'))
  const texts = rows.flatMap(([, en, de]) => [en!, de!])
  await writeTokenizer(join(dir, 'words'), trainTokenizer(texts, { vocabSize: 290 }))
  const tokenizer = await loadTokenizer(join(dir, 'words'))
  const model = (imageSize: number, seed: number) => ({
    ...createDualEncoder(preset('tiny', { vocabSize: 300, imageSize, embedDim: 8, contextLength: 16 }), seed),
    tokenizer,
  })
  entries = [
    await modelEntry('teacher', model(32, 1), 'large'),
    await modelEntry('student', model(16, 2), 'small'),
    { ...(await modelEntry('scratch', model(16, 3), 'other')), headlineOnly: true },
  ]
})
test.after.always(async () => {
  for (const { encoder } of entries) await encoder.release()
  await rm(dir, { recursive: true })
})

const evaluate = async (file: string, languages: string[]) => {
  const open = await openCorpus(join(dir, file), {})
  return { open, measured: await evaluateModels(entries, { open, protocols: open.protocols, languages, cacheDir: join(dir, 'cache'), seed: 1 }) }
}

/** Indices of the gallery rows by cosine with a query, best first. */
function ranking(query: Float32Array, gallery: Float32Array): number[] {
  const dim = query.length
  const scores = Array.from({ length: gallery.length / dim }, (_, g) => query.reduce((sum, value, e) => sum + value * gallery[g * dim + e]!, 0))
  return [...scores.keys()].sort((a, b) => scores[b]! - scores[a]!)
}

test('classes, groups and languages of a user’s corpus are measured on its test split, as recomputed here', async (t) => {
  const { open, measured } = await evaluate('classed.csv', ['en', 'de'])
  const { report, ranks, material } = measured
  const models = ['teacher', 'student', 'scratch']
  t.deepEqual(
    report.zeroShot!.map(({ model, language, protocol, classes }) => [model, language, protocol, classes]),
    ['en', 'de'].flatMap((language) => models.map((model) => [model, language, 'test', 'classes'])),
  )
  t.deepEqual(report.zeroShot![0]!.count, { images: 12, classes: 3, templates: zeroShotTemplates('en', photoTemplates).length })
  t.deepEqual(
    report.consistency!.map(({ model, languages }) => [model, ...languages]),
    models.map((model) => [model, 'en', 'de']),
  )

  for (const [m, { encoder, model }] of entries.entries()) {
    const tasks = await Promise.all(['en', 'de'].map((language) => open.task('test', language)))
    const { pixels } = await prepareTask(tasks[0]!, encoder, join(dir, 'cache'))
    const images = await embedCached(encoder, pixels)
    pixels.close()
    const row = (rows: Float32Array, i: number) => rows.subarray(i * 8, (i + 1) * 8)

    // Zero-shot in English: the mean of the prompts of each class, and the nearest one.
    const classes = [...new Set(tasks[0]!.images.map(({ classId }) => classId!))]
    const centres = new Float32Array(classes.length * 8)
    for (const [c, name] of classes.entries()) {
      const prompts = await embedTexts(
        encoder,
        zeroShotTemplates('en', photoTemplates).map((template) => template.replace('{}', name)),
      )
      const mean = Array.from({ length: 8 }, (_, e) => prompts.reduce((sum, value, at) => sum + (at % 8 === e ? value : 0), 0))
      mean.forEach((value, e) => {
        centres[c * 8 + e] = value / Math.hypot(...mean)
      })
    }
    const named = tasks[0]!.images.map((_, i) => classes[ranking(row(images, i), centres)[0]!])
    const right = named.filter((name, i) => name === tasks[0]!.images[i]!.classId).length
    t.is(report.zeroShot![m]!.metrics.acc1, right / 12, `${model} zero-shot`)

    // Agreement: which image the English and the German caption put first.
    const texts = await Promise.all(tasks.map((task) => embedTexts(encoder, task.texts)))
    const [en, de] = texts.map((embeds) => tasks[0]!.texts.map((_, i) => ranking(row(embeds, i), images)[0]))
    t.is(report.consistency![m]!.metrics['overlap@1'], en!.filter((image, i) => image === de![i]).length / 12, `${model} agreement`)

    // Groups: the saved ranks of the queries about one group's images. The classes make several texts right, the first one counts.
    const saved = ranks.find((entry) => entry.model === model && entry.protocol === 'test' && entry.language === 'de')!
    const odd = tasks[1]!.images.flatMap(({ group }, i) => (group === 'odd' ? [saved.imageToText.ranks[i]!] : []))
    const group = report.groups!.find((entry) => entry.model === model && entry.language === 'de' && entry.group === 'odd')!
    t.is(group.queries, odd.length)
    t.is(group.metrics['image_to_text_R@1'], odd.filter((rank) => rank === 1).length / odd.length, `${model} group`)

    const recalls = ['en', 'de'].map(
      (language) =>
        report.results.find((entry) => entry.model === model && entry.protocol === 'test' && entry.language === language)!.metrics.mean_recall!,
    )
    const gap = report.gaps!.find((entry) => entry.model === model && entry.protocol === 'test')!
    t.is(gap.gap, Math.abs(recalls[0]! - recalls[1]!))
    const { image, text } = report.models[model]!.latency!.fp32!
    t.true(image > 0 && text > 0)
  }
  t.deepEqual(
    material.confusions.map(({ model, language, kind, counts }) => [
      model,
      language,
      kind,
      counts.flatMap((row) => [...row.values()]).reduce((a, b) => a + b),
    ]),
    [
      ['student', 'en', 'classes', 12],
      ['student', 'de', 'classes', 12],
    ],
  )
  t.deepEqual(
    material.examples.map(({ model, protocol, language }) => [model, protocol, language]),
    [
      ['student', 'test', 'en'],
      ['student', 'test', 'de'],
    ],
  )
})

test('each language has a pixel baseline over the images that it has names for', async (t) => {
  const line = (i: number, language: string) => `${i}.png,${language},${language} ${i},test,${colours[i % 3]}`
  const lines = Array.from({ length: 12 }, (_, i) => [line(i, 'en'), ...(i < 11 ? [line(i, 'de')] : [])]).flat()
  await writeFile(join(dir, 'gap.csv'), ['image,language,caption,split,class', ...lines].join('\n'))
  const open = await openCorpus(join(dir, 'gap.csv'), {})
  const { images } = await open.task('test', 'en')
  const references = async () => images.map(({ classId, source }) => ({ concept: classId!, source }))
  const run = { open: { ...open, references }, protocols: ['test'], languages: ['en', 'de'], cacheDir: join(dir, 'cache'), seed: 1 }
  const { report } = await evaluateModels(entries, run)
  const baseline = report.results.filter(({ model }) => model === 'pixel-nn')
  t.deepEqual(
    baseline.map(({ language, queries }) => [language, queries]),
    [
      ['en', 12],
      ['de', 11],
    ],
  )
})

test('free queries of any corpus are scored beside recall, with chance and pictures', async (t) => {
  const open = await openCorpus(join(dir, 'classed.csv'), {})
  const base = await open.task('test', 'en')
  const byColour = (name: string) => base.images.flatMap(({ classId }, i) => (classId === name ? [i] : []))
  const task = async (protocol: string, language: string): Promise<RetrievalTask> =>
    protocol === 'free-queries'
      ? { ...base, protocol, language, texts: ['something red', 'blue things'], positives: ['red', 'blue'].map(byColour), kinds: ['colour', 'thing'] }
      : open.task(protocol, language)
  const offered = {
    ...open,
    task,
    protocols: [...open.protocols, 'free-queries'],
    freeQueryProtocols: ['free-queries'],
    headlineProtocols: ['test', 'free-queries'],
    languagesOf: (protocol: string) => (protocol === 'free-queries' ? ['en'] : open.languagesOf(protocol)),
  }
  const run = { open: offered, languages: ['en', 'de'], cacheDir: join(dir, 'cache'), seed: 1 }
  const { report, material } = await evaluateModels(entries, { ...run, protocols: offered.protocols })
  t.deepEqual(report.headline, ['test', 'free-queries'])
  t.deepEqual(
    report.freeQueries!.map(({ model, language, kind, queries, gallery }) => [model, language, kind, queries, gallery]),
    ['teacher', 'student'].flatMap((model) => [
      [model, 'en', undefined, 2, 12],
      [model, 'en', 'colour', 1, 12],
      [model, 'en', 'thing', 1, 12],
    ]),
  )
  const { encoder } = entries[1]!
  const { pixels } = await prepareTask(base, encoder, join(dir, 'cache'))
  const images = await embedCached(encoder, pixels)
  pixels.close()
  const query = await embedTexts(encoder, ['something red'])
  const red = ranking(query, images)
    .slice(0, 5)
    .filter((image) => base.images[image]!.classId === 'red').length
  const row = report.freeQueries!.find(({ model, kind }) => model === 'student' && kind === 'colour')!
  t.is(row.metrics['precision@5'], red / 5)
  t.true(Math.abs(row.chance['precision@5'] - 4 / 12) < 1e-12)
  t.false(report.results.some(({ protocol }) => protocol === 'free-queries'))
  t.deepEqual(
    material.freeQueries.map(({ model, language, queries }) => [model, language, queries.map(({ text, hits }) => [text, hits.length])]),
    [
      [
        'student',
        'en',
        [
          ['something red', 5],
          ['blue things', 5],
        ],
      ],
    ],
  )
  t.true(material.freeQueries[0]!.queries[0]!.hits[0]!.picture!.url.startsWith('data:image/webp;base64,'))

  const alone = await evaluateModels(entries, { ...run, languages: ['en'], protocols: ['free-queries'] })
  t.deepEqual([alone.report.results, alone.report.freeQueries!.length], [[], 6])
})

test('a further format is measured on the headline protocol alone', async (t) => {
  const { measured } = await evaluate('classed.csv', ['en'])
  const protocols = (model: string) => measured.report.results.filter((row) => row.model === model).map(({ protocol }) => protocol)
  t.deepEqual([protocols('student'), protocols('scratch')], [['val', 'test'], ['test']])
})

test('a language without captions is refused, not left out', async (t) => {
  const open = await openCorpus(join(dir, 'plain.csv'), {})
  const run = { open, protocols: ['val', 'test'], languages: ['en', 'fr'], cacheDir: join(dir, 'unused'), seed: 1 }
  const expected = { where: /evaluation on plain, val, test/, got: 'fr' }
  await throwsUserError(t, () => evaluateModels(entries, run), expected)
})

test('a model that diverged is refused by the number that is not finite', async (t) => {
  const open = await openCorpus(join(dir, 'plain.csv'), {})
  const model = createDualEncoder(preset('tiny', { vocabSize: 300, imageSize: 16, embedDim: 8, contextLength: 16 }), 4)
  model.params['text_projection.weight']!.data.fill(Number.NaN)
  const broken = await modelEntry('student', { ...model, tokenizer: await loadTokenizer(join(dir, 'words')) }, 'broken')
  t.teardown(() => broken.encoder.release())
  const run = { open, protocols: ['test'], languages: ['en'], cacheDir: join(dir, 'cache'), seed: 1 }
  const expected = { where: /plain test \(en\), texts/, got: /NaN in row 0/ }
  await throwsUserError(t, () => evaluateModels([broken], run), expected)
})

test('a corpus that is not the published set it is said to be is refused before anything is embedded', async (t) => {
  const open = await openCorpus(join(dir, 'plain.csv'), {})
  const run = { open, protocols: ['test'], languages: ['en'], cacheDir: join(dir, 'unused'), seed: 1 }
  const expected = { where: /xtd \(one caption an image.*/, expected: /1000 images and 1000 captions/, got: /12 and 12/ }
  await throwsUserError(t, () => evaluateModels(entries, { ...run, knownSet: 'xtd' }), expected)
  t.false(existsSync(join(dir, 'unused')))
})

test('what a corpus has no data for is absent', async (t) => {
  const { measured } = await evaluate('plain.csv', ['de'])
  const { report, material } = measured
  t.deepEqual(Object.keys(report).sort(), ['data', 'headline', 'models', 'results'])
  t.deepEqual(material.confusions, [])
  t.is(material.similarities.length, 1)
})
