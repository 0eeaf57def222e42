import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { encodeSafetensors } from '../../engine/safetensors.ts'
import { openImageFeatures } from '../../models/onnx/feature-tower.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import { bridge } from '../../stages/bridge.ts'
import { bridgeCommandSettings } from '../../stages/settings/bridge.ts'
import { gaussian } from '../engine/oracle.ts'
import { throwsUserError } from '../user-error.ts'
import { bridgePlace, side, widths } from './bridge-place.ts'

const E = widths.text

async function place(t: ExecutionContext) {
  const at = await bridgePlace(t)
  const settings = (more: object = {}) =>
    bridgeCommandSettings.parse({
      imageTower: at.image,
      textTower: at.text,
      corpus: at.corpus,
      languages: ['en', 'de'],
      prototypes: at.prototypes,
      hidden: 5,
      textHidden: 0,
      dropout: 0.1,
      hiddenDropout: 0.2,
      weightDecay: 0.02,
      steps: 40,
      batchSize: 24,
      warmup: 2,
      learningRate: 0.02,
      checkpointEvery: 20,
      validateEvery: 20,
      logEvery: 10,
      threads: 1,
      report: false,
      out: join(at.dir, 'run'),
      cacheDir: join(at.dir, 'cache'),
      ...more,
    })
  return { ...at, settings }
}

test('towers that never met become one teacher, which can be made again from its own features', async (t) => {
  const { dir, settings } = await place(t)
  const made = await bridge(settings({ headDtype: 'fp32', classWeight: 0.3, report: true }))
  t.true(made.scores.validation_mean_recall_en! > 0.7, JSON.stringify(made.scores)) // chance: 8 concepts, 54 %
  const teacher = await openOnnxFolder(made.exportDir, { threads: 1 })
  t.teardown(() => teacher.release())
  t.is(teacher.embedDim, E)
  t.true(Math.abs(teacher.logitScale - 20) < 1e-9)
  const lengths = await teacher.encodeTexts(['abc', 'cba', 'xyz'])
  const dot = (a: number, b: number) => Array.from({ length: E }, (_, i) => lengths[a * E + i]! * lengths[b * E + i]!).reduce((x, y) => x + y)
  t.true(Math.abs(dot(0, 1) - 1) < 1e-5 && dot(0, 2) < 0.9)

  const tower = await openImageFeatures(made.exportDir, { outputs: ['features', 'middle', 'logits'], threads: 1 })
  t.teardown(() => tower.release())
  const first = await openImageFeatures(join(dir, 'image'), { outputs: ['features', 'middle', 'logits'], threads: 1 })
  t.teardown(() => first.release())
  const pixels = gaussian(2 * 3 * side * side, 1)
  t.deepEqual(await tower.read(pixels, 2), await first.read(pixels, 2))

  const card = await readFile(join(made.exportDir, 'README.md'), 'utf8')
  t.regex(card, /Two pretrained towers.*image sees, text reads/)
  t.regex(card, /## Retrieval[\s\S]*val/)
  for (const name of [
    'config.json',
    'preprocessor_config.json',
    'tokenizer.json',
    'tokenizer_config.json',
    'classifier.safetensors',
    'training.jsonl',
  ])
    t.true((await readdir(made.exportDir)).includes(name), name)

  const again = await bridge(
    settings({ headDtype: 'fp32', classWeight: 0.3, imageTower: made.exportDir, textTower: made.exportDir, out: join(dir, 'again') }),
  )
  for (const file of ['onnx/vision_model.onnx', 'onnx/text_model.onnx'])
    t.true((await readFile(join(again.exportDir, file))).equals(await readFile(join(made.exportDir, file))), file)
})

for (const textHidden of [0, 6])
  test(`a resumed run with a text head of ${textHidden} ends with the same bytes`, async (t) => {
    const { dir, settings: usual } = await place(t)
    const settings = (more: object = {}) => usual({ textHidden, ...more })
    const whole = await bridge(settings())
    await cp(join(dir, 'run'), join(dir, 'half'), { recursive: true })
    await rm(join(dir, 'half', 'export'), { recursive: true })
    await rm(join(dir, 'half', 'checkpoints', 'step-0000040'), { recursive: true })
    t.deepEqual(await readdir(join(dir, 'half', 'checkpoints')), ['step-0000020'])
    const resumed = await bridge(settings({ out: join(dir, 'half'), resume: true }))
    for (const file of ['onnx/vision_model.onnx', 'onnx/text_model.onnx'])
      t.true((await readFile(join(resumed.exportDir, file))).equals(await readFile(join(whole.exportDir, file))), file)
    const lines = async (run: string) =>
      (await readFile(join(dir, run, 'log.jsonl'), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => ({ ...JSON.parse(line), stepsPerSecond: 0 }))
    t.deepEqual(await lines('half'), await lines('run'))
    await throwsUserError(t, () => bridge(settings({ out: join(dir, 'half'), resume: true, temperature: 0.1 })), { where: /temperature/ })
  })

test('the weight of the class term is chosen on validation; none leaves it out of the graph', async (t) => {
  const { settings, dir } = await place(t)
  const auto = await bridge(settings({ steps: 4 }))
  const [none, some] = [
    await bridge(settings({ steps: 4, classWeight: 0, out: join(dir, 'none') })),
    await bridge(settings({ steps: 4, classWeight: 0.4, out: join(dir, 'some') })),
  ]
  const recall = ({ scores }: typeof auto) => scores.validation_mean_recall_en! + scores.validation_mean_recall_de!
  t.true(recall(auto) >= Math.max(recall(none), recall(some)))
  t.is(none.classWeight, 0)
  t.true(none.bytes.vision_model < some.bytes.vision_model)
})

test('what does not fit is said before anything is trained', async (t) => {
  const { dir, image, text, settings } = await place(t)
  const refused = async (what: string, more: object, expected: Parameters<typeof throwsUserError>[2]) => {
    await throwsUserError(t, () => bridge(settings(more)), expected, what)
    t.false((await readdir(dir)).includes('run') && (await readdir(join(dir, 'run'))).includes('checkpoints'), what)
  }
  await refused(
    'an output that the tower lacks',
    { imageOutputs: ['hidden'] },
    { where: join(image, 'onnx', 'vision_model.onnx'), expected: /output hidden/, got: /features .*middle.*logits/ },
  )
  await refused('no such tower', { imageTower: text }, { where: text, expected: /vision_model/ })
  await refused('no such text output', { textOutput: 'words' }, { where: join(text, 'onnx', 'text_model.onnx'), expected: /output words/ })
  await refused('a language of unknown characters', { languages: ['en', 'ru'] }, { where: '--languages ru', got: /^100 % of/ })
  await refused(
    'a language whose texts are no translations',
    { languages: ['en', 'fr'] },
    { where: '--languages fr', expected: /nearer to their translations in en/ },
  )
  await writeFile(join(dir, 'narrow.safetensors'), encodeSafetensors({ weight: { shape: [3, 4], data: gaussian(12, 1) } }))
  await refused(
    'rows of another width',
    { classifier: join(dir, 'narrow.safetensors') },
    { where: /narrow.safetensors, tensor weight/, expected: /6 numbers/, got: '4' },
  )
  await writeFile(join(dir, 'few.safetensors'), encodeSafetensors({ weight: { shape: [2, 6], data: gaussian(12, 1) } }))
  await refused('rows of fewer classes', { classifier: join(dir, 'few.safetensors') }, { where: /output logits/, expected: /2 classes/, got: '3' })
  await writeFile(join(dir, 'many.tsv'), 'index\ten\n7\tsun\n')
  await refused('class names beyond the rows', { prototypes: join(dir, 'many.tsv') }, { where: /--prototypes/, expected: /3 classes/, got: '8' })
  await refused('no class names', { prototypes: join(dir, 'none.tsv') }, { where: join(dir, 'none.tsv') })
  await writeFile(join(dir, 'texts.csv'), 'en,de\nsun,sonne\n')
  await refused('texts without pictures', { corpus: join(dir, 'texts.csv') }, { where: /texts.csv/ })
})
