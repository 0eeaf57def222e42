import { cp, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { clipFraming } from '../../../corpora/framing.ts'
import { openCorpus } from '../../../corpora/open.ts'
import { openSession } from '../../../engine/runtime.ts'
import { decodeSafetensors } from '../../../engine/safetensors.ts'
import { exportFolder } from '../../../export/package.ts'
import { dualEncoderParams, towerCounts } from '../../../models/dual-encoder.ts'
import { modelEncoder } from '../../../models/encoder.ts'
import { readModelFolder, writeModelFolder } from '../../../models/folder.ts'
import { allGates } from '../../../models/gates.ts'
import { openOnnxFolder } from '../../../models/onnx/open-folder.ts'
import { evenConfig } from '../../../models/uneven.ts'
import { runStage1 } from '../../../stages/stage1.ts'
import { compactorOf, createCompactors } from '../../../training/shrink/compactors.ts'
import { withoutClosedGates } from '../../../training/shrink/settle.ts'
import { stage1Settings } from '../../../training/stage1-settings.ts'
import { smallPlace } from '../../bench/small-place.ts'
import { close } from '../../engine/oracle.ts'
import { captions, leastCosine, noise, smallModel } from '../../export/small-model.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const place = smallPlace()
test.after.always(async () => rm((await place).dir, { recursive: true }))

test('a model without its closed gates computes what it computed with them; written, read, and exported as well', async (t) => {
  const { model, tokenizer, tokenizerDir } = await smallModel(t)
  const gates = allGates(model.config)
  const params = { ...model.params, ...createCompactors(gates) }
  const closed: typeof model = { config: model.config, params: { ...model.params } }
  // Every third channel is closed in the weights, and in the compactors; the first gate of all but one channel a head.
  for (const [g, gate] of gates.entries()) {
    const { shape, data } = params[compactorOf(gate)]!
    const size = shape[2]!
    for (let row = 0; row < gate.channels; row++) {
      if (g === 0 ? row % size === 1 : row % 3 !== 0) continue
      data.fill(0, row * size, (row + 1) * size)
      for (const name of [`${gate.before}.weight`, `${gate.before}.bias`]) {
        const part = closed.params[name]!
        const width = part.data.length / gate.channels
        closed.params[name] = { ...part, data: part.data.with(0, part.data[0]!).fill(0, row * width, (row + 1) * width) }
      }
    }
  }
  const small = withoutClosedGates(closed, params)
  t.deepEqual(small.config.vision_config.value_sizes, [1, 43, 43])
  t.deepEqual(small.config.text_config.intermediate_sizes, [341, 341])
  const count = ({ image, text }: ReturnType<typeof towerCounts>) => image + text
  t.true(count(towerCounts(small.config)) < 0.75 * count(towerCounts(model.config)))
  for (const [name, { shape }] of Object.entries(dualEncoderParams(small.config))) t.deepEqual(small.params[name]!.shape, shape, name)

  const [large, cut] = [
    await modelEncoder('closed', closed, tokenizer, { threads: 1 }),
    await modelEncoder('small', small, tokenizer, { threads: 1 }),
  ]
  const pixels = noise(3, model.config.vision_config.image_size)
  const want = { images: await large.encodeImages(pixels, 3), texts: await large.encodeTexts(captions) }
  close(t, await cut.encodeImages(pixels, 3), want.images, 1e-5, 'images')
  close(t, await cut.encodeTexts(captions), want.texts, 1e-5, 'texts')
  await Promise.all([large.release(), cut.release()])

  const dir = await temporaryFolder(t)
  await writeModelFolder(dir, small, tokenizerDir)
  const stored = decodeSafetensors(await readFile(join(dir, 'model.safetensors')), dir)
  for (const [name, { shape }] of Object.entries(dualEncoderParams(evenConfig(small.config)))) t.deepEqual(stored[name]!.shape, shape, name)
  const { tokenizer: _, ...read } = await readModelFolder(dir)
  t.deepEqual(read, { ...small, framing: clipFraming })

  const out = join(await temporaryFolder(t), 'export')
  await exportFolder(small, { tokenizerDir, out, dtypes: ['fp32', 'fp16', 'q8', 'q4'], threads: 1 })
  const dim = model.config.projection_dim
  for (const [dtype, cosine] of [
    ['fp32', 0.99999],
    ['q8', 0.99],
    ['q4', 0.9],
  ] as const) {
    const exported = await openOnnxFolder(out, { dtype, threads: 1 })
    t.true(leastCosine(await exported.encodeImages(pixels, 3), want.images, dim) > cosine, `${dtype}, images`)
    t.true(leastCosine(await exported.encodeTexts(captions), want.texts, dim) > cosine, `${dtype}, texts`)
    await exported.release()
  }
  // The small file holds no padding.
  const session = await openSession(join(out, 'onnx', 'text_model.onnx'), { threads: 1 })
  await session.release()
  const bytes = (await readFile(join(out, 'onnx', 'text_model.onnx'))).length
  t.true(bytes < 4 * 1.02 * towerCounts(small.config).text + 20_000, `${bytes} bytes`)
})

async function shrink(name: string, more: object = {}, resume = false) {
  const { flags, dir: root } = await place
  const dir = join(root, name)
  const open = await openCorpus(String(flags.corpus), { languages: ['de', 'fr'] })
  const teacher = await openOnnxFolder(String(flags.teacher), { threads: 1 })
  const settings = stage1Settings.parse({
    objective: 'task:1,fd:4,gates:0.5',
    init: String(flags.teacher),
    innerTeacher: String(flags.teacher),
    shrink: true,
    steps: 8,
    batchSize: 8,
    warmup: 1,
    variants: 2,
    threads: 1,
    learningRate: 0.02,
    lasso: 1,
    fade: 3,
    resetEvery: 1,
    resetFrom: 0.25,
    resetQueue: 12,
    resetShare: 0.9,
    checkpointEvery: 3,
    validateEvery: 4,
    logEvery: 1,
    ...more,
  })
  try {
    const run = { open, languages: ['de', 'fr'], teacher, settings, dir, cacheDir: String(flags.cacheDir), resume }
    const { model } = await runStage1(run)
    const log = (await readFile(join(dir, 'log.jsonl'), 'utf8')).trim().split('\n')
    return { dir, model, log: log.map((line) => JSON.parse(line) as Record<string, number>) }
  } finally {
    await teacher.release()
  }
}

test('a student shrinks while it learns; killed and resumed it ends with the same bytes', async (t) => {
  const { dir, model, log } = await shrink('whole')
  t.true(log.every((line) => !('loss' in line) || Number.isFinite(line.loss)))
  const shares = log.filter((line) => 'channels_left' in line)
  t.deepEqual(
    shares.map(({ step }) => step),
    [4, 8],
  )
  t.true(shares[0]!.channels_left! > shares[1]!.channels_left! && shares[1]!.channels_left! < 1, JSON.stringify(shares))
  t.true(shares[1]!.channels_useless! > 0)
  const total = ({ image, text }: ReturnType<typeof towerCounts>) => image + text
  t.true(total(towerCounts(model.config)) < total(towerCounts(evenConfig(model.config))))
  const { tokenizer: _, ...written } = await readModelFolder(join(dir, 'student'))
  t.deepEqual(written, model)

  // What a run has that was killed after step 6.
  const { dir: root } = await place
  const stopped = join(root, 'stopped')
  await cp(dir, stopped, { recursive: true })
  await rm(join(stopped, 'student'), { recursive: true })
  const checkpoints = (await readdir(join(stopped, 'checkpoints'))).sort()
  for (const name of checkpoints.slice(1)) await rm(join(stopped, 'checkpoints', name), { recursive: true })
  t.is(checkpoints[0], 'step-0000006')
  await shrink('stopped', {}, true)
  const bytes = (folder: string) => readFile(join(folder, 'student', 'model.safetensors'))
  t.true((await bytes(dir)).equals(await bytes(stopped)))
})

test('without gates among the objectives there is the lasso alone', async (t) => {
  const { log } = await shrink('lasso', {
    ...{ objective: 'task:1,fd:4', innerTeacher: undefined, lasso: 12 },
    ...{ fade: undefined, resetEvery: undefined, resetFrom: undefined, resetQueue: undefined, resetShare: undefined },
  })
  const last = log.findLast((line) => 'channels_left' in line)!
  t.is(last.channels_useless, 0)
  t.true(last.channels_left! < 1)
})

test('a tower that no objective teaches keeps its channels and its weights', async (t) => {
  const { model } = await shrink('one tower', { objective: 'fd-image:4,gates-image:0.5', lasso: 12 })
  const before = await readModelFolder(String((await place).flags.teacher))
  const own = (params: typeof model.params) => Object.fromEntries(Object.entries(params).filter(([name]) => name.startsWith('text_')))
  t.deepEqual(own(model.params), own(before.params))
  t.true(model.config.vision_config.intermediate_sizes!.some((size) => size < 32))
})

test('no channel is closed that could not fade before the end', async (t) => {
  const { log } = await shrink('early alone', { fade: 6, resetFrom: 0 }) // looks after steps 1 and 2
  const found = log.flatMap((line) => ('channels_useless' in line ? [line.channels_useless!] : []))
  t.true(found[0]! > 0)
  t.is(found[1], found[0])
})

test('a lasso of nearly nothing leaves every channel', async (t) => {
  const { model } = await shrink('kept', {
    ...{ objective: 'task:1,fd:4', innerTeacher: undefined, lasso: 1e-9 },
    ...{ fade: undefined, resetEvery: undefined, resetFrom: undefined, resetQueue: undefined, resetShare: undefined },
  })
  t.deepEqual(model.config.vision_config.intermediate_sizes, [32])
  t.deepEqual(model.config.vision_config.value_sizes, [4])
})
