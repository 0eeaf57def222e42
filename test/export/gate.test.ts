import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { UserError } from '../../base/errors.ts'
import { random } from '../../base/random.ts'
import { bestScores } from '../../eval/threshold.ts'
import { certainty } from '../../export/certainty.ts'
import { exportDtypes } from '../../export/dtypes.ts'
import { failures, type Gate, parseMaxDrop, recallRow } from '../../export/gate.ts'
import { exportFolder } from '../../export/package.ts'
import type { GateTask, MeasuredRecall } from '../../export/recall.ts'
import { embedCached, embedTexts } from '../../models/embed.ts'
import type { Encoder } from '../../models/encoder.ts'
import { readModelFolder } from '../../models/folder.ts'
import type { ModelDtype } from '../../models/onnx/dtypes.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { type Expected, throwsUserError } from '../user-error.ts'
import { leastCosine, type SmallModel, smallModel } from './small-model.ts'

const dim = 64
const size = 32
const count = 40

/** A task that the model itself solves perfectly from text to image: the right answer is what it finds. */
async function ownTask(encoder: Encoder, language: string): Promise<GateTask> {
  const words = ['red', 'green', 'two', 'cat', 'sun', '苹果', '梨', '猫', 'a', 'plate']
  const texts = Array.from({ length: count }, (_, i) => `${words[i % 10]} ${words[(i * 7 + Math.floor(i / 10)) % 10]}${language}`)
  const next = random(4)
  const drawings = Array.from({ length: count }, () => Uint8Array.from({ length: 4 * size * size }, (_, i) => (i % 4 === 3 ? 255 : 256 * next())))
  const pixels = { count, size, read: (i: number) => drawings[i]! }
  const images = await embedCached(encoder, pixels)
  const embeds = await encoder.encodeTexts(texts)
  const row = (rows: Float32Array, i: number) => rows.subarray(i * dim, (i + 1) * dim)
  const positives = texts.map((_, text) => {
    const scores = Array.from({ length: count }, (_, image) => leastCosine(row(embeds, text), row(images, image), dim))
    return [scores.indexOf(Math.max(...scores))]
  })
  const source = (id: string) => ({ key: id, read: async () => new Uint8Array() })
  const task = { corpus: 'own', protocol: 'val', language, texts, positives, images: texts.map((_, i) => ({ id: `${i}`, source: source(`${i}`) })) }
  return { task, pixels }
}

/** Huge weights for a hidden unit that is always zero: in eight bits a column then has nothing left for the others. */
function spoil({ model }: SmallModel, mlp: string): void {
  const unit = 5
  const { params } = model
  const [into, bias, out] = [params[`${mlp}.fc1.weight`]!, params[`${mlp}.fc1.bias`]!, params[`${mlp}.fc2.weight`]!]
  into.data.fill(0, unit * into.shape[1]!, (unit + 1) * into.shape[1]!)
  bias.data[unit] = 0
  for (let row = 0; row < out.shape[0]!; row++) out.data[row * out.shape[1]! + unit] = 1000
}

async function gated(t: ExecutionContext, spoilt?: string) {
  const small = await smallModel(t)
  if (spoilt) spoil(small, spoilt)
  const tasks = [await ownTask(small.encoder, 'en'), await ownTask(small.encoder, 'zh')]
  const parent = await temporaryFolder(t)
  return { ...small, tasks, parent, options: { tokenizerDir: small.tokenizerDir, out: join(parent, 'out'), threads: 1 } }
}

test('a gate that formats pass is measured per language and stands in the card', async (t) => {
  const { model, tasks, options } = await gated(t)
  const gate: Gate = { tasks, maxDrop: parseMaxDrop(['30'], exportDtypes) }
  const { recall } = await exportFolder(model, { ...options, dtypes: ['fp32', 'q8', 'q4'], gate })
  t.deepEqual(
    recall.map(({ dtype, language }) => `${dtype} ${language}`),
    ['fp32 en', 'fp32 zh', 'q8 en', 'q8 zh', 'q4 en', 'q4 zh'],
  )
  t.true(recall.slice(0, 2).every(({ drop }) => Math.abs(drop) < 1e-9))
  t.true(recall[4]!.drop > recall[2]!.drop)
  t.regex(await readFile(join(options.out, 'README.md'), 'utf8'), /\| q4 +\| Chinese +\|/)
})

test('each format gets its own score below which nothing fits, in config.json, the card and whatever opens the folder', async (t) => {
  const { model, tasks, options } = await gated(t)
  const dtypes: ModelDtype[] = ['fp32', 'q4']
  const { thresholds } = await exportFolder(model, { ...options, dtypes, thresholdTasks: tasks })
  const config = JSON.parse(await readFile(join(options.out, 'config.json'), 'utf8'))
  t.deepEqual(config.score_threshold, thresholds)
  t.is(config.model_type, 'clip', 'the rest of the file stays')
  for (const dtype of dtypes) {
    const { value, measured } = thresholds[dtype]!
    t.deepEqual(
      measured.map(({ protocol, language, queries }) => [protocol, language, queries]),
      [
        ['val', 'en', count],
        ['val', 'zh', count],
      ],
    )
    t.true(measured.every(({ refused }) => refused <= 2) && measured.some(({ refused }) => refused === 2)) // 5 % of 40
    const encoder = await openOnnxFolder(options.out, { dtype, threads: 1 })
    t.is(encoder.scoreThreshold, value)
    const { task, pixels } = tasks[0]!
    const { fitting } = bestScores(task, await embedCached(encoder, pixels), await embedTexts(encoder, task.texts))
    await encoder.release()
    t.is(fitting.filter((score) => score < value).length, measured[0]!.refused)
  }
  t.not(thresholds.fp32!.value, thresholds.q4!.value)
  const card = await readFile(join(options.out, 'README.md'), 'utf8')
  t.regex(card, new RegExp(`below ${thresholds.fp32!.value.toFixed(4)} \\(fp32; q4 ${thresholds.q4!.value.toFixed(4)}\\), nothing fits well`))
  t.regex(card, /\| val +\| Chinese +\| +40 \|/)
  await t.notThrowsAsync(readModelFolder(options.out), 'a model is read without it')

  const file = join(options.out, 'config.json')
  await writeFile(file, JSON.stringify({ ...config, score_threshold: { fp32: { value: 7, measured: [] } } }))
  const error = await t.throwsAsync(openOnnxFolder(options.out), { instanceOf: UserError })
  t.regex(error!.message, /config\.json: score_threshold\.fp32\.value/)
})

test('a format that loses too much fails the export with exit code 3 and names tower and layers', async (t) => {
  const mlp = 'text_model.encoder.layers.1.mlp'
  const layer = `${mlp}.fc2`
  const { model, tasks, options, parent } = await gated(t, mlp)
  const gate: Gate = { tasks, maxDrop: parseMaxDrop([], exportDtypes) }
  const error = (await t.throwsAsync(exportFolder(model, { ...options, dtypes: ['fp32', 'q8'], gate }), { instanceOf: UserError })) as UserError
  t.is(error.exitCode, 3)
  t.regex(error.fields.where, /^recall gate, q8, (English|Chinese) on val$/)
  t.regex(error.fields.expected, /at most 1 points/)
  t.regex(error.fields.got, /the text tower alone loses \d+\.\d+, the image tower -?\d/)
  t.regex(error.fields.got, new RegExp(`share of the error: ${layer.replaceAll('.', '\\.')} \\((9\\d|100) %\\)`))
  t.deepEqual(await readdir(parent), [])

  const named = await exportFolder(model, { ...options, dtypes: ['fp32', 'q8'], gate: { tasks, maxDrop: { q8: 10 } }, keepFp32: [layer] })
  t.deepEqual(named.keptFp32, [`${layer}.weight_T`])
  const automatic = await exportFolder(model, { ...options, dtypes: ['fp32', 'q8'], gate: { tasks, maxDrop: { q8: 10 } }, keepFp32: 'auto' })
  t.deepEqual(automatic.keptFp32, [`${layer}.weight_T`])
  t.regex(await readFile(join(options.out, 'README.md'), 'utf8'), new RegExp(`Left in fp32: ${layer}\\.`))
})

test('what cannot be kept or understood is refused', async (t) => {
  const { model, options } = await gated(t)
  const fails = (keepFp32: string[] | 'auto', expected: Expected) =>
    throwsUserError(t, () => exportFolder(model, { ...options, dtypes: ['q8'], keepFp32 }), expected)
  await fails(['text_model.encoder.layers.1.fc2'], { hint: /Did you mean text_model.encoder.layers.1.mlp.fc2\?/ })
  await fails('auto', { where: /--keep-fp32 auto/, expected: /a recall gate/ })
  t.deepEqual(parseMaxDrop(['1.0', 'q4:2'], exportDtypes), { fp16: 1, q8: 1, q4: 2 })
  t.deepEqual(parseMaxDrop(['q4:2'], exportDtypes), { fp16: 1, q8: 1, q4: 2 }, 'a limit of one format takes none from the others')
  t.deepEqual(parseMaxDrop(['0.5'], exportDtypes), { fp16: 0.5, q8: 0.5 })
  await throwsUserError(t, () => parseMaxDrop(['q4:2'], ['fp32', 'q8']), { expected: /a format that is exported \(fp32, q8\)/, got: 'q4' })
  for (const bad of ['', 'q8:', 'much', '-1', 'q8:1:2', 'q5:1']) t.throws(() => parseMaxDrop([bad], exportDtypes), { instanceOf: UserError }, bad)
})

/** Ranks of one caption an image, of which the first `moved` came second with quantized weights. */
function recallOn(images: number, moved = 0): MeasuredRecall {
  const all = Array.from({ length: images }, (_, i) => i)
  const side = (ranks: number[]) => ({ queries: all, items: Int32Array.from(all), ranks: Int32Array.from(ranks), gallery: images })
  const ones = all.map(() => 1)
  const meanRecall = 1 - moved / images / 6
  return { protocol: 'val', language: 'zh', meanRecall, textToImage: side(all.map((i) => (i < moved ? 2 : 1))), imageToText: side(ones) }
}

test('a loss is one when its paired interval leaves out 0; the number of images is said', (t) => {
  const few = recallRow('q8', recallOn(12, 1), recallOn(12))
  t.is(few.drop.toFixed(2), '1.39')
  t.is(few.interval[0], 0)
  t.is(few.images, 12)
  t.deepEqual(failures([few], { maxDrop: { q8: 1 } }), [])
  const many = recallRow('q8', recallOn(1200, 100), recallOn(1200))
  t.is(many.drop.toFixed(2), '1.39')
  t.true(many.interval[0] > 1 && many.interval[1] < 1.8, `${many.interval}`)
  t.deepEqual(failures([many], { maxDrop: { q8: 1 } }), [many])
  t.regex(certainty(many), /^95 %: 1\.\d\d to 1\.\d\d points, 1200 images$/)
})
