import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { openCorpus } from '../../corpora/open.ts'
import { parallelRows } from '../../corpora/parallel-rows.ts'
import { embedTexts } from '../../models/embed.ts'
import { readModelFolder, writeModelFolder } from '../../models/folder.ts'
import { openModel } from '../../models/open-model.ts'
import { trainedOn } from '../../run/trained-on.ts'
import { addLanguage } from '../../stages/add-language.ts'
import { runLanguageStage } from '../../stages/language-stage.ts'
import { addLanguageSettings, addLanguageTraining } from '../../stages/settings/add-language.ts'
import { loadTokenizer } from '../../tokenizers/load.ts'
import { addedTexts } from '../../training/data/added-texts.ts'
import { throwsUserError } from '../user-error.ts'
import { makeFolder } from './small-teachers.ts'

let place: Promise<string> | undefined
const setting = () => (place ??= makeFolder())
test.after.always(async () => place && (await rm(await place, { recursive: true })))

const colours: Record<string, string> = { rot: 'लाल', grün: 'हरा', blau: 'नीला', gelb: 'पीला' }
const rows = Array.from({ length: 24 }, (_, i) => {
  const [de, hi] = Object.entries(colours)[i % 4]!
  return { de: `ein Bild ${de} ${i}`, hi: `${hi} चित्र ${i}` }
})
const quick = { steps: 30, batchSize: 16, warmup: 2, threads: 1, learningRate: 0.01, validateEvery: 1000 }

/** The export of an untrained model, in a folder that is no run's. */
async function given() {
  const dir = await setting()
  return { dir, model: join(dir, 'first'), cacheDir: join(dir, 'cache') }
}

function meanCosine(x: Float32Array, y: Float32Array, count: number): number {
  return x.reduce((sum, value, i) => sum + value * y[i]!, 0) / count
}

test('a model learns to read another language as one that it has; images and old texts stay', async (t) => {
  const { dir, model, cacheDir } = await given()
  const open = await openCorpus(join(dir, 'plain.csv'))
  const known = ['de', 'fr']
  const texts = addedTexts({ corpus: await parallelRows(open.corpus, known, 'de'), pool: rows }, { added: ['hi'], known, pivot: 'de', seed: 1 })
  const out = join(dir, 'hindi')
  const settings = addLanguageTraining.parse({ ...quick, steps: 60 })
  const common = { known, languages: [...known, 'hi'], open, texts, weights: { 'fd-text': 4 }, settings, newTokens: 40, dir: out, cacheDir }
  const { before, after } = await runLanguageStage({ ...common, folder: model })
  t.deepEqual([Object.keys(before), Object.keys(after)], [known, known], 'no picture has captions in Hindi')

  const [old, learnt] = [await readModelFolder(model), await readModelFolder(join(out, 'student'))]
  for (const [name, { data }] of Object.entries(old.params))
    if (name.startsWith('vision_') || name === 'visual_projection.weight' || name === 'logit_scale')
      t.deepEqual(learnt.params[name]!.data, data, name)
  t.is(learnt.config.text_config.vocab_size, learnt.tokenizer.vocabSize)
  t.true(learnt.tokenizer.vocabSize > old.tokenizer.vocabSize + 10)
  for (const { de } of rows) t.deepEqual(learnt.tokenizer.encode(de), old.tokenizer.encode(de))

  const [frozen, grown] = [await openModel(model), await openModel(out)]
  const german = await embedTexts(
    frozen,
    rows.map(({ de }) => de),
  )
  const hindi = rows.map(({ hi }) => hi)
  const [was, is] = [await embedTexts(frozen, hindi), await embedTexts(grown, hindi)].map((found) => meanCosine(found, german, rows.length))
  const kept = meanCosine(
    await embedTexts(
      grown,
      rows.map(({ de }) => de),
    ),
    german,
    rows.length,
  )
  t.true(is! > 0.9 && is! > was! + 0.1, `${was} → ${is}`)
  t.true(kept > 0.95, `${kept}`)
  await Promise.all([frozen.release(), grown.release()])
})

test('as a command: texts of a file, in a run that says what its model knows; the next language goes on from there', async (t) => {
  const { dir, model, cacheDir } = await given()
  await writeFile(join(dir, 'pairs.tsv'), ['de\tam', ...rows.map(({ de }, i) => `${de}\tምስል ${i}`)].join('\n'))
  const common = { corpus: join(dir, 'plain.csv'), texts: [join(dir, 'pairs.tsv')], cacheDir, textLimit: 100, ...quick, steps: 2 }
  const settings = { ...common, model, known: ['de', 'fr'], out: join(dir, 'amharic') }
  await addLanguage(addLanguageSettings.parse({ ...settings, language: ['am'] }))
  t.deepEqual((await trainedOn(settings.out))?.languages, ['de', 'fr', 'am'])
  await throwsUserError(t, () => addLanguage(addLanguageSettings.parse({ ...common, model: settings.out, language: ['am'] })), {
    where: settings.out,
    got: 'am',
  })
  const { vocabSize } = await loadTokenizer(join(settings.out, 'student'))
  t.true(vocabSize > (await loadTokenizer(model)).vocabSize)
  await throwsUserError(t, () => addLanguage(addLanguageSettings.parse({ ...settings, language: ['qu'], out: join(dir, 'quechua') })), {
    where: 'language qu',
    got: 'none',
  })
  t.false(existsSync(join(dir, 'quechua')))
})

test('what cannot gain a language is refused before anything is read', async (t) => {
  const { dir, model } = await given()
  const refused = (more: object, expected: object) =>
    throwsUserError(t, () => addLanguage(addLanguageSettings.parse({ model, language: ['hi'], out: join(dir, 'none'), ...more })), expected)
  await refused({}, { where: model, got: /none/ })
  await refused({ known: ['de', 'hi'] }, { where: model, got: 'hi' })
  await refused({ known: ['de'], pivot: 'fr' }, { where: '--pivot fr', got: 'fr' })
  await refused({ known: ['de'], objective: 'fd-image:1' }, { where: '--objective fd-image' })
  await refused({ known: ['de'], objective: 'task:1' }, { where: '--objective task' })
  await refused({ model: join(dir, 'nothing'), known: ['de'] }, { where: join(dir, 'nothing'), got: 'no such folder' })
  const images = join(dir, 'images-alone')
  await mkdir(join(images, 'onnx'), { recursive: true })
  await writeFile(join(images, 'config.json'), JSON.stringify({ model_type: 'clip', projection_dim: 16 }))
  await writeFile(join(images, 'onnx/vision_model.onnx'), await readFile(join(model, 'onnx/vision_model.onnx')))
  await refused({ model: images, known: ['de'] }, { where: new RegExp(`^${images}`) })
  t.throws(() => addLanguageSettings.parse({ model, language: ['hi', 'hi'] }))
  t.deepEqual(addLanguageSettings.parse({ model, language: ['hi,VI'] }).language, ['hi', 'vi'])
})

test('a tokenizer that cannot be gone on with has to spell the texts', async (t) => {
  const { dir, model, cacheDir } = await given()
  const other = join(dir, 'words-alone')
  const { tokenizer: _, ...old } = await readModelFolder(model)
  const json = JSON.parse(await readFile(join(model, 'tokenizer.json'), 'utf8'))
  const words = join(dir, 'word-level')
  await mkdir(words)
  const vocab = { '<pad>': 0, '<s>': 1, '<unk>': 2, '</s>': 3, ein: 4, bild: 5 }
  const wordLevel = { ...json, pre_tokenizer: { type: 'WhitespaceSplit' }, decoder: null, model: { type: 'WordLevel', vocab, unk_token: '<unk>' } }
  await writeFile(join(words, 'tokenizer.json'), JSON.stringify(wordLevel))
  await writeFile(join(words, 'tokenizer_config.json'), await readFile(join(model, 'tokenizer_config.json')))
  await writeModelFolder(other, old, words)
  const texts = addedTexts({ corpus: [], pool: rows }, { added: ['hi'], known: ['de'], pivot: 'de', seed: 1 })
  const open = await openCorpus(join(dir, 'plain.csv'))
  const run = { folder: other, known: ['de'], languages: ['de', 'hi'], open, texts, weights: { 'fd-text': 1 }, cacheDir, dir: join(dir, 'never') }
  const settings = addLanguageTraining.parse(quick)
  await throwsUserError(t, () => runLanguageStage({ ...run, settings, newTokens: 10 }), { where: other, got: /^24 of 24/ })
})
